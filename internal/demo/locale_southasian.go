package demo

var hindi = locale{
	region: "IN", language: "hi-IN", weight: 34,
	feminine:  words("प्रिया=priya अनीता=anita सुनीता=sunita पूजा=pooja लक्ष्मी=lakshmi श्रेया=shreya"),
	masculine: words("राहुल=rahul अमित=amit विजय=vijay राजेश=rajesh कृष्ण=krishna सूर्य=surya"),
	family:    words("शर्मा=sharma सिंह=singh गुप्ता=gupta वर्मा=verma मिश्रा=mishra चौधरी=chaudhary त्रिपाठी=tripathi श्रीवास्तव=srivastava"),
	person:    "{given} {family}",
	cities:    []city{{"दिल्ली", "दिल्ली", "Asia/Kolkata", "1100##"}, {"मुंबई", "महाराष्ट्र", "Asia/Kolkata", "4000##"}, {"लखनऊ", "उत्तर प्रदेश", "Asia/Kolkata", "2260##"}},
	streets:   words("महात्मा_गांधी_मार्ग स्टेशन_रोड नेहरू_नगर शिवाजी_मार्ग"),
	line:      "{no}, {street}",
	firms:     []firm{{"office", "{family} एंड संस प्रा. लि."}, {"restaurant", "{family} भोजनालय"}, {"hotel", "होटल {city}"}},
}

var tamil = locale{
	region: "IN", language: "ta-IN", weight: 10,
	feminine:  words("மீனா=meena லட்சுமி=lakshmi கவிதா=kavitha தமிழ்ச்செல்வி=tamilselvi"),
	masculine: words("முருகன்=murugan செந்தில்=senthil கார்த்திக்=karthik அருண்=arun"),
	family:    words("சுப்பிரமணியன்=subramanian கிருஷ்ணன்=krishnan இராமசாமி=ramasamy நடராஜன்=natarajan"),
	person:    "{given} {family}",
	cities:    []city{{"சென்னை", "தமிழ்நாடு", "Asia/Kolkata", "6000##"}, {"மதுரை", "தமிழ்நாடு", "Asia/Kolkata", "6250##"}},
	streets:   words("அண்ணா_சாலை காந்தி_தெரு பாரதி_சாலை"),
	line:      "{no}, {street}",
	firms:     []firm{{"cafe", "{given} காபி கடை"}, {"restaurant", "{family} உணவகம்"}},
}

var bengal = locale{
	region: "BD", language: "bn-BD", weight: 10,
	feminine:  words("ফাতেমা=fatema নুসরাত=nusrat শর্মিলা=sharmila আয়েশা=ayesha"),
	masculine: words("রহিম=rahim করিম=karim তানভীর=tanvir সুমন=sumon"),
	family:    words("ইসলাম=islam হোসেন=hossain আহমেদ=ahmed চৌধুরী=chowdhury রহমান=rahman"),
	person:    "{given} {family}",
	cities:    []city{{"ঢাকা", "", "Asia/Dhaka", "1###"}, {"চট্টগ্রাম", "", "Asia/Dhaka", "4###"}},
	streets:   words("মিরপুর_রোড শহীদ_সরণি স্টেশন_রোড"),
	line:      "{no}, {street}",
	firms:     []firm{{"office", "{family} ট্রেডার্স লিমিটেড"}, {"restaurant", "{given} রেস্তোরাঁ"}},
}

var thailand = locale{
	region: "TH", language: "th-TH", weight: 18,
	feminine:  words("สมหญิง=somying มาลี=malee กนกวรรณ=kanokwan พิมพ์ชนก=pimchanok อรุณี=arunee"),
	masculine: words("สมชาย=somchai ประเสริฐ=prasert วิชัย=wichai ณัฐพล=nattapon ธนากร=thanakorn"),
	family:    words("แสงทอง=saengthong ศรีสุข=srisuk ใจดี=jaidee วงศ์สวัสดิ์=wongsawat รัตนโกสินทร์=rattanakosin น้ำเพชร=namphet"),
	person:    "{given} {family}",
	cities:    []city{{"กรุงเทพมหานคร", "", "Asia/Bangkok", "10##0"}, {"เชียงใหม่", "เชียงใหม่", "Asia/Bangkok", "50##0"}, {"ภูเก็ต", "ภูเก็ต", "Asia/Bangkok", "83##0"}},
	streets:   words("ถนนสุขุมวิท ถนนสีลม ถนนพระราม_4 ถนนนิมมานเหมินท์"),
	line:      "{no} {street}",
	firms:     []firm{{"cafe", "ร้านกาแฟ{given}"}, {"office", "บริษัท {family} จำกัด"}, {"hotel", "โรงแรม{city}"}},
}
