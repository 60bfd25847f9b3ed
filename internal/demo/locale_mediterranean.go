package demo

var greece = locale{
	region: "GR", language: "el-GR", weight: 16,
	feminine:  words("Μαρία=maria Ελένη=eleni Κατερίνα=katerina Χρυσάνθη=chrysanthi Ζωή=zoi Αγγελική=angeliki"),
	masculine: words("Γιώργος=giorgos Νίκος=nikos Δημήτρης=dimitris Κωνσταντίνος=konstantinos Ευάγγελος=evangelos Ηλίας=ilias"),
	family:    words("Παπαδόπουλος=papadopoulos Οικονόμου=oikonomou Γεωργίου=georgiou Αγγελόπουλος=angelopoulos Νικολαΐδης=nikolaidis Τσάκωνας=tsakonas Καζαντζάκης=kazantzakis"),
	endings:   [][2]string{{"όπουλος", "οπούλου"}, {"ΐδης", "ΐδου"}, {"άκης", "άκη"}, {"ωνας", "ωνα"}, {"opoulos", "opoulou"}, {"idis", "idou"}, {"akis", "aki"}, {"onas", "ona"}},
	person:    "{given} {family}",
	cities:    []city{{"Αθήνα", "", "Europe/Athens", "1## ##"}, {"Θεσσαλονίκη", "", "Europe/Athens", "54# ##"}, {"Ηράκλειο", "", "Europe/Athens", "71# ##"}},
	streets:   words("Ερμού Πανεπιστημίου Αγίου_Δημητρίου Τσιμισκή Λεωφόρος_Συγγρού"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "Καφενείο «{given}»"}, {"office", "{family} και Υιοί Α.Ε."}, {"hotel", "Ξενοδοχείο {city}"}},
}

var egypt = locale{
	region: "EG", language: "ar-EG", weight: 18,
	feminine:  words("فاطمة=fatma مريم=mariam نور=nour ياسمين=yasmin هبة=heba عائشة=aisha"),
	masculine: words("محمد=mohamed أحمد=ahmed محمود=mahmoud عمر=omar يوسف=youssef إبراهيم=ibrahim"),
	family:    words("حسن=hassan علي=ali السيد=elsayed إبراهيم=ibrahim عبد_الرحمن=abdelrahman المصري=elmasry نجيب=naguib"),
	person:    "{given} {family}",
	cities:    []city{{"القاهرة", "", "Africa/Cairo", "115##"}, {"الإسكندرية", "", "Africa/Cairo", "215##"}, {"الجيزة", "", "Africa/Cairo", "125##"}},
	streets:   words("شارع_التحرير شارع_النيل شارع_طلعت_حرب شارع_الجمهورية"),
	line:      "{no} {street}",
	firms:     []firm{{"cafe", "مقهى {given}"}, {"office", "شركة {family} للتجارة"}, {"hotel", "فندق {city}"}},
}

var arabia = locale{
	region: "SA", language: "ar-SA", weight: 12,
	feminine:  words("نورة=noura سارة=sara العنود=alanoud لطيفة=latifa ريم=reem"),
	masculine: words("عبد_الله=abdullah فهد=fahad خالد=khalid سعود=saud تركي=turki"),
	family:    words("العتيبي=alotaibi القحطاني=alqahtani الغامدي=alghamdi الدوسري=aldosari الحربي=alharbi الشمري=alshammari"),
	person:    "{given} {family}",
	cities:    []city{{"الرياض", "", "Asia/Riyadh", "12###"}, {"جدة", "", "Asia/Riyadh", "23###"}, {"الدمام", "", "Asia/Riyadh", "32###"}},
	streets:   words("طريق_الملك_فهد شارع_التحلية شارع_الأمير_سلطان"),
	line:      "{no} {street}",
	firms:     []firm{{"cafe", "محمصة {given}"}, {"office", "مؤسسة {family} التجارية"}, {"restaurant", "مطعم {family}"}},
}

var israel = locale{
	region: "IL", language: "he-IL", weight: 16,
	feminine:  words("נועה=noa שרה=sara תמר=tamar מיכל=michal אסתר=esther יעל=yael"),
	masculine: words("דוד=david יוסף=yosef משה=moshe איתן=eitan אורי=uri יונתן=yonatan"),
	family:    words("כהן=cohen לוי=levi מזרחי=mizrahi פרץ=peretz ביטון=biton בן-דוד=bendavid צ'רניחובסקי=tchernichovsky"),
	person:    "{given} {family}",
	cities:    []city{{"תל אביב-יפו", "", "Asia/Jerusalem", "6######"}, {"ירושלים", "", "Asia/Jerusalem", "9######"}, {"חיפה", "", "Asia/Jerusalem", "3######"}},
	streets:   words("רחוב_הרצל שדרות_רוטשילד רחוב_דיזנגוף רחוב_ביאליק"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "קפה {given}"}, {"office", "{family} ושות' בע\"מ"}, {"bakery", "מאפיית {family}"}},
}

var georgia = locale{
	region: "GE", language: "ka-GE", weight: 5,
	feminine:  words("ნინო=nino მარიამ=mariam თამარ=tamar ქეთევან=ketevan"),
	masculine: words("გიორგი=giorgi დავით=davit ლევან=levan ზურაბ=zurab"),
	family:    words("ბერიძე=beridze კაპანაძე=kapanadze გელაშვილი=gelashvili მაისურაძე=maisuradze"),
	person:    "{given} {family}",
	cities:    []city{{"თბილისი", "", "Asia/Tbilisi", "01##"}, {"ბათუმი", "", "Asia/Tbilisi", "60##"}},
	streets:   words("რუსთაველის_გამზირი აღმაშენებლის_გამზირი ჭავჭავაძის_ქუჩა"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "კაფე {given}"}, {"office", "შპს {family}"}},
}

var armenia = locale{
	region: "AM", language: "hy-AM", weight: 5,
	feminine:  words("Անահիտ=anahit Մարիամ=mariam Լուսինե=lusine Նարե=nare"),
	masculine: words("Արմեն=armen Տիգրան=tigran Հայկ=hayk Գևորգ=gevorg"),
	family:    words("Հարությունյան=harutyunyan Սարգսյան=sargsyan Գրիգորյան=grigoryan Խաչատրյան=khachatryan"),
	person:    "{given} {family}",
	cities:    []city{{"Երևան", "", "Asia/Yerevan", "00##"}, {"Գյումրի", "", "Asia/Yerevan", "31##"}},
	streets:   words("Աբովյան_փողոց Մաշտոցի_պողոտա Թումանյան_փողոց"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "Սրճարան {given}"}, {"office", "{family} ՍՊԸ"}},
}

var ethiopia = locale{
	region: "ET", language: "am-ET", weight: 5,
	feminine:  words("ሰላም=selam ሃና=hanna ትዕግስት=tigist መቅደስ=mekdes"),
	masculine: words("አበበ=abebe ዳዊት=dawit ተስፋዬ=tesfaye ዮሐንስ=yohannes"),
	family:    words("በቀለ=bekele ተስፋዬ=tesfaye ገብረ_ማርያም=gebremariam ወልደ_ሚካኤል=woldemichael"),
	person:    "{given} {family}",
	cities:    []city{{"አዲስ አበባ", "", "Africa/Addis_Ababa", "1###"}, {"ባሕር ዳር", "", "Africa/Addis_Ababa", "6###"}},
	streets:   words("ቦሌ_መንገድ ቸርችል_ጎዳና"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "{given} ቡና"}, {"office", "{family} ኃ.የተ.የግ.ማ."}},
}
