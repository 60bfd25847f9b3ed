package demo

var china = locale{
	region: "CN", language: "zh-Hans-CN", weight: 95,
	feminine:  words("芳=fang 娜=na 秀英=xiuying 敏=min 静=jing 丽=li 雪=xue 小红=xiaohong 欣怡=xinyi 梓涵=zihan 玉兰=yulan 婷婷=tingting"),
	masculine: words("伟=wei 强=qiang 磊=lei 军=jun 洋=yang 勇=yong 小明=xiaoming 浩然=haoran 子轩=zixuan 建国=jianguo 志强=zhiqiang 文博=wenbo"),
	family:    words("王=wang 李=li 张=zhang 刘=liu 陈=chen 杨=yang 赵=zhao 黄=huang 周=zhou 吴=wu 徐=xu 孙=sun 胡=hu 朱=zhu 高=gao 林=lin 何=he 郭=guo 马=ma 罗=luo 欧阳=ouyang 司马=sima"),
	person:    "{family}{given}",
	cities: []city{
		{"上海", "上海市", "Asia/Shanghai", "200###"},
		{"北京", "北京市", "Asia/Shanghai", "100###"},
		{"广州", "广东省", "Asia/Shanghai", "510###"},
		{"深圳", "广东省", "Asia/Shanghai", "518###"},
		{"成都", "四川省", "Asia/Shanghai", "610###"},
		{"乌鲁木齐", "新疆维吾尔自治区", "Asia/Urumqi", "830###"},
	},
	streets: words("中山路 人民路 解放路 南京东路 建设大道 长安街 和平里"),
	line:    "{street}{no}号",
	firms: []firm{
		{"office", "{city}{given}科技有限公司"},
		{"cafe", "{family}记咖啡馆"},
		{"hotel", "{city}大酒店"},
		{"restaurant", "{family}家小馆"},
		{"retailer", "{city}{family}氏厨具商行"},
		{"school", "{city}第二外国语学校"},
	},
}

var taiwan = locale{
	region: "TW", language: "zh-Hant-TW", weight: 20,
	feminine:  words("淑芬=shufen 雅婷=yating 美玲=meiling 怡君=yijun 麗華=lihua"),
	masculine: words("志明=zhiming 家豪=jiahao 俊傑=junjie 建宏=jianhong 冠廷=guanting"),
	family:    words("陳=chen 林=lin 黃=huang 張=zhang 李=li 王=wang 吳=wu 劉=liu 蔡=tsai 楊=yang 諸葛=zhuge"),
	person:    "{family}{given}",
	cities:    []city{{"臺北市", "", "Asia/Taipei", "1##"}, {"高雄市", "", "Asia/Taipei", "80#"}, {"臺中市", "", "Asia/Taipei", "40#"}},
	streets:   words("中正路 忠孝東路 民生東路 復興南路"),
	line:      "{street}{no}號",
	firms:     []firm{{"cafe", "{family}家珈琲"}, {"office", "{given}實業股份有限公司"}, {"hotel", "{city}飯店"}},
}

var japan = locale{
	region: "JP", language: "ja-JP", weight: 75,
	feminine:  words("花子=hanako 美咲=misaki 陽菜=hina 結衣=yui さくら=sakura 恵子=keiko あかり=akari 由美子=yumiko ナオミ=naomi"),
	masculine: words("太郎=taro 健一=kenichi 翔太=shota 大輔=daisuke 蓮=ren 拓也=takuya 一郎=ichiro 隆=takashi ケン=ken"),
	family:    words("佐藤=sato 鈴木=suzuki 高橋=takahashi 田中=tanaka 伊藤=ito 渡辺=watanabe 山本=yamamoto 中村=nakamura 小林=kobayashi 加藤=kato 吉田=yoshida 山田=yamada 佐々木=sasaki 松本=matsumoto 五十嵐=igarashi 東海林=shoji"),
	person:    "{family} {given}",
	wide:      true,
	cities: []city{
		{"東京", "東京都", "Asia/Tokyo", "10#-00##"},
		{"大阪市", "大阪府", "Asia/Tokyo", "53#-00##"},
		{"名古屋市", "愛知県", "Asia/Tokyo", "46#-00##"},
		{"札幌市", "北海道", "Asia/Tokyo", "06#-00##"},
		{"京都市", "京都府", "Asia/Tokyo", "60#-80##"},
	},
	streets: words("本町 桜ヶ丘 銀座 緑町 中央"),
	line:    "{street}3-{no}",
	firms: []firm{
		{"office", "株式会社{family}商事"},
		{"cafe", "喫茶{family}"},
		{"cafe", "カフェ・{given}"},
		{"hotel", "ホテル{city}"},
		{"restaurant", "{family}食堂"},
		{"clinic", "{family}歯科医院"},
		{"retailer", "有限会社{family}調理器"},
	},
}

var korea = locale{
	region: "KR", language: "ko-KR", weight: 35,
	feminine:  words("서연=seoyeon 지우=jiwoo 민지=minji 영희=younghee 수빈=subin 하은=haeun"),
	masculine: words("민준=minjun 도윤=doyun 철수=chulsoo 지훈=jihoon 현우=hyunwoo 성민=sungmin"),
	family:    words("김=kim 이=lee 박=park 최=choi 정=jung 강=kang 조=cho 윤=yoon 장=jang 임=lim 남궁=namgung"),
	person:    "{family}{given}",
	cities:    []city{{"서울특별시", "", "Asia/Seoul", "04###"}, {"부산광역시", "", "Asia/Seoul", "48###"}, {"제주시", "제주특별자치도", "Asia/Seoul", "63###"}},
	streets:   words("세종대로 강남대로 테헤란로 해운대로 한라대학로"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "{given} 커피"}, {"office", "주식회사 {family}앤컴퍼니"}, {"hotel", "{city} 호텔"}, {"bakery", "{family}씨네 빵집"}},
}
