package demo

var poland = locale{
	region: "PL", language: "pl-PL", weight: 30,
	feminine:  words("Anna Małgorzata Katarzyna Agnieszka Żaneta Zofia Łucja Bożena"),
	masculine: words("Piotr Krzysztof Łukasz Stanisław Michał Józef Sławomir Wojciech"),
	family:    words("Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski Jabłoński Grzegrzółka"),
	endings:   [][2]string{{"ski", "ska"}},
	person:    "{given} {family}",
	cities: []city{
		{"Warszawa", "mazowieckie", "Europe/Warsaw", "00-###"}, {"Kraków", "małopolskie", "Europe/Warsaw", "30-###"}, {"Łódź", "łódzkie", "Europe/Warsaw", "90-###"},
	},
	streets: words("ul._Długa ul._Polna ul._Leśna ul._Słoneczna ul._Piłsudskiego"),
	line:    "{street} {no}",
	firms:   []firm{{"cafe", "Kawiarnia u {given}"}, {"office", "{family} i Wspólnicy sp. z o.o."}, {"hotel", "Hotel {city}"}},
}

var czechia = locale{
	region: "CZ", language: "cs-CZ", weight: 18,
	feminine:  words("Jana Kateřina Lucie Věra Zdeňka Markéta"),
	masculine: words("Jiří Tomáš Ondřej Václav Miloš Luboš"),
	family:    words("Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Růžička Křížek"),
	endings:   [][2]string{{"ý", "á"}, {"ka", "ková"}, {"era", "erová"}, {"oda", "odová"}, {"ček", "čková"}, {"žek", "žková"}, {"k", "ková"}},
	person:    "{given} {family}",
	cities:    []city{{"Praha", "", "Europe/Prague", "1## 00"}, {"Brno", "", "Europe/Prague", "6## 00"}, {"Plzeň", "", "Europe/Prague", "3## 00"}},
	streets:   words("Národní_třída Husova Nádražní Dlouhá Komenského"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "Kavárna {city}"}, {"office", "{family} s.r.o."}, {"restaurant", "Hospoda {family}"}},
}

var hungary = locale{
	region: "HU", language: "hu-HU", weight: 10,
	feminine:  words("Erzsébet Zsófia Ágnes Tünde Ilona"),
	masculine: words("László Gergő Ödön Péter Zoltán"),
	family:    words("Nagy Kovács Tóth Szabó Horváth Kiss Őze Fűzfa Németh"),
	person:    "{family} {given}",
	cities:    []city{{"Budapest", "", "Europe/Budapest", "10##"}, {"Győr", "", "Europe/Budapest", "902#"}, {"Szeged", "", "Europe/Budapest", "672#"}},
	streets:   words("Petőfi_utca Kossuth_tér Rákóczi_út Fő_utca"),
	line:      "{street} {no}.",
	firms:     []firm{{"cafe", "{family} Kávéház"}, {"office", "{family} és Társa Kft."}},
}

var turkey = locale{
	region: "TR", language: "tr-TR", weight: 20,
	feminine:  words("Ayşe Fatma Zeynep Işıl Gülşen Çiğdem"),
	masculine: words("Mehmet Mustafa Çağlar İbrahim Oğuz Ömer"),
	family:    words("Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Iğdır Güneş"),
	person:    "{given} {family}",
	cities:    []city{{"İstanbul", "", "Europe/Istanbul", "34###"}, {"Ankara", "", "Europe/Istanbul", "06###"}, {"İzmir", "", "Europe/Istanbul", "35###"}},
	streets:   words("Atatürk_Caddesi İstiklal_Caddesi Çiçek_Sokak Gül_Sokağı"),
	line:      "{street} No: {no}",
	firms:     []firm{{"cafe", "{family} Kahvecisi"}, {"hotel", "Otel {city}"}, {"office", "{family} Ticaret Ltd. Şti."}},
}

var ukraine = locale{
	region: "UA", language: "uk-UA", weight: 20,
	feminine:  words("Олена=olena Наталія=nataliia Оксана=oksana Юлія=yuliia Людмила=liudmyla Ганна=hanna"),
	masculine: words("Олександр=oleksandr Андрій=andrii Сергій=serhii Тарас=taras Ігор=ihor Євген=yevhen"),
	family:    words("Шевченко=shevchenko Бондаренко=bondarenko Коваленко=kovalenko Мельник=melnyk Ткачук=tkachuk Щербак=shcherbak В'юнник=viunnyk Ґалаґан=galagan"),
	person:    "{given} {family}",
	cities:    []city{{"Київ", "", "Europe/Kyiv", "010##"}, {"Львів", "Львівська область", "Europe/Kyiv", "790##"}, {"Одеса", "Одеська область", "Europe/Kyiv", "650##"}},
	streets:   words("вул._Хрещатик вул._Франка просп._Перемоги вул._Городоцька"),
	line:      "{street}, {no}",
	firms:     []firm{{"cafe", "Кав'ярня «{given}»"}, {"office", "ТОВ «{family} і партнери»"}, {"hotel", "Готель «{city}»"}},
}

var bulgaria = locale{
	region: "BG", language: "bg-BG", weight: 12,
	feminine:  words("Мария=maria Иванка=ivanka Елена=elena Цветелина=tsvetelina Йорданка=yordanka"),
	masculine: words("Георги=georgi Иван=ivan Димитър=dimitar Николай=nikolay Щерю=shteryu"),
	family:    words("Иванов=ivanov Георгиев=georgiev Димитров=dimitrov Петров=petrov Жеков=zhekov Тодоров=todorov"),
	endings:   [][2]string{{"ов", "ова"}, {"ев", "ева"}, {"ov", "ova"}, {"ev", "eva"}},
	person:    "{given} {family}",
	cities:    []city{{"София", "", "Europe/Sofia", "1###"}, {"Пловдив", "", "Europe/Sofia", "40##"}, {"Варна", "", "Europe/Sofia", "90##"}},
	streets:   words("бул._Витоша ул._Раковски ул._Граф_Игнатиев бул._България"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "Кафе {city}"}, {"office", "{family} и синове ООД"}},
}

var serbia = locale{
	region: "RS", language: "sr-Cyrl-RS", weight: 8,
	feminine:  words("Јелена=jelena Милица=milica Љиљана=ljiljana Наташа=natasa"),
	masculine: words("Ђорђе=djordje Милош=milos Стефан=stefan Немања=nemanja"),
	family:    words("Јовановић=jovanovic Петровић=petrovic Николић=nikolic Ђурић=djuric Његош=njegos Џелатовић=dzelatovic"),
	person:    "{given} {family}",
	cities:    []city{{"Београд", "", "Europe/Belgrade", "11###"}, {"Нови Сад", "", "Europe/Belgrade", "21###"}, {"Ниш", "", "Europe/Belgrade", "18###"}},
	streets:   words("Кнез_Михаилова Његошева Булевар_ослобођења"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "Кафана {family}"}, {"office", "{family} д.о.о."}},
}
