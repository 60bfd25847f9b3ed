package demo

var france = locale{
	region: "FR", language: "fr-FR", weight: 60,
	feminine:  words("Marie Chloé Inès Élodie Françoise Zoé Camille Hélène Maëlys Aïcha Anne-Sophie Noémie"),
	masculine: words("Jean Théo François Loïc Gaël Rémi Étienne Jérôme Mathieu Jean-Baptiste Karim Cédric"),
	family:    words("Martin Bernard Thomas Petit Durand Leroy Moreau Lefèvre Fournier Girard Bonnet Dupont Lambert Français Le_Goff d'Alembert Benoît Brûlé Gaulthier L'Hôpital"),
	person:    "{given} {family}",
	cities: []city{
		{"Paris", "", "Europe/Paris", "750##"},
		{"Lyon", "", "Europe/Paris", "6900#"},
		{"Marseille", "", "Europe/Paris", "1300#"},
		{"Nîmes", "", "Europe/Paris", "30000"},
		{"Besançon", "", "Europe/Paris", "25000"},
	},
	streets: words("rue_de_la_République rue_Victor_Hugo avenue_Jean_Jaurès place_de_l'Église rue_des_Écoles boulevard_Voltaire"),
	line:    "{no} {street}",
	firms: []firm{
		{"cafe", "Café de la Gare, {family}"},
		{"restaurant", "Chez {family}"},
		{"office", "Cabinet {family} SARL"},
		{"hotel", "Hôtel de {city}"},
		{"bakery", "Boulangerie {family}"},
		{"clinic", "Cabinet dentaire {family}"},
	},
}

var italy = locale{
	region: "IT", language: "it-IT", weight: 45,
	feminine:  words("Giulia Sofia Martina Chiara Francesca Lucia Beatrice Ornella"),
	masculine: words("Marco Francesco Alessandro Niccolò Giosuè Lorenzo Matteo Salvatore Pietro"),
	family:    words("Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci D'Angelo Dell'Acqua Forlì Cantù De_Luca"),
	person:    "{given} {family}",
	cities: []city{
		{"Milano", "MI", "Europe/Rome", "201##"}, {"Roma", "RM", "Europe/Rome", "001##"}, {"Trieste", "TS", "Europe/Rome", "341##"}, {"Forlì", "FC", "Europe/Rome", "4712#"},
	},
	streets: words("Via_Roma Via_Garibaldi Corso_Italia Piazza_della_Libertà Via_Dante"),
	line:    "{street}, {no}",
	firms: []firm{
		{"cafe", "Bar {family}"}, {"restaurant", "Trattoria da {family}"}, {"office", "Studio {family} S.r.l."}, {"hotel", "Albergo {city}"},
	},
}

var spain = locale{
	region: "ES", language: "es-ES", weight: 40,
	feminine:  words("María Lucía Begoña Nuria Ainhoa Carmen Rocío Ana_Belén Inés Pilar"),
	masculine: words("José Antonio Íñigo Ramón Álvaro Jesús José_María Andrés Óscar Joaquín"),
	family:    words("García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Muñoz Ibáñez Núñez Peñalver de_la_Fuente Castaño"),
	person:    "{given} {family} {family2}",
	cities: []city{
		{"Madrid", "Madrid", "Europe/Madrid", "280##"},
		{"Barcelona", "Barcelona", "Europe/Madrid", "080##"},
		{"Málaga", "Málaga", "Europe/Madrid", "290##"},
		{"A Coruña", "A Coruña", "Europe/Madrid", "150##"},
		{"Las Palmas", "Las Palmas", "Atlantic/Canary", "350##"},
	},
	streets: words("Calle_Mayor Calle_de_Alcalá Avenida_de_la_Constitución Plaza_de_España Calle_Nuño_Gómez"),
	line:    "{street}, {no}",
	firms: []firm{
		{"cafe", "Cafetería {family}"}, {"restaurant", "Mesón {family}"}, {"office", "{family} y Asociados S.L."}, {"hotel", "Hotel Plaza {city}"},
	},
}

var brazil = locale{
	region: "BR", language: "pt-BR", weight: 35,
	feminine:  words("Maria Ana Júlia Letícia Conceição Beatriz Luíza Antônia Fernanda"),
	masculine: words("João José Antônio Luís Gonçalo Paulo Sebastião Thiago Caio"),
	family:    words("Silva Santos Oliveira Souza Lima Pereira Ferreira Araújo Conceição Magalhães Gonçalves Assunção dos_Reis"),
	person:    "{given} {family} {family2}",
	cities: []city{
		{"São Paulo", "SP", "America/Sao_Paulo", "01###-0#0"},
		{"Rio de Janeiro", "RJ", "America/Sao_Paulo", "20###-0#0"},
		{"Goiânia", "GO", "America/Sao_Paulo", "74###-0#0"},
		{"Manaus", "AM", "America/Manaus", "69###-0#0"},
	},
	streets: words("Rua_das_Flores Avenida_Paulista Rua_São_João Rua_da_Consolação Travessa_União"),
	line:    "{street}, {no}",
	firms: []firm{
		{"cafe", "Cafeteria {family} Ltda."}, {"restaurant", "Restaurante {family}"}, {"office", "{family} Comércio S.A."}, {"hotel", "Pousada {city}"},
	},
}

var mexico = locale{
	region: "MX", language: "es-MX", weight: 20,
	feminine:  words("Guadalupe Sofía Ximena Verónica Itzel Citlali Mónica"),
	masculine: words("Juan Jesús Miguel Ángel Cuauhtémoc Raúl Adrián"),
	family:    words("Hernández García Martínez López Ramírez Ordóñez Zúñiga Chávez Cárdenas Peña"),
	person:    "{given} {family} {family2}",
	cities: []city{
		{"Ciudad de México", "CDMX", "America/Mexico_City", "06###"}, {"Guadalajara", "Jal.", "America/Mexico_City", "44###"}, {"Tijuana", "B.C.", "America/Tijuana", "22###"},
	},
	streets: words("Avenida_Juárez Calle_Hidalgo Calle_5_de_Mayo Paseo_de_la_Reforma"),
	line:    "{street} {no}",
	firms:   []firm{{"cafe", "Café {family}"}, {"restaurant", "Fonda {family}"}, {"office", "Grupo {family} S.A. de C.V."}},
}

var vietnam = locale{
	region: "VN", language: "vi-VN", weight: 16,
	feminine:  words("Thị_Hương Thị_Lan Ngọc_Ánh Thu_Hà Bích_Thủy Thị_Mỹ_Linh"),
	masculine: words("Văn_Hùng Đức_Anh Minh_Tuấn Quốc_Bảo Hữu_Phước Văn_Dũng"),
	family:    words("Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ Hồ Ngô Dương"),
	person:    "{family} {given}",
	cities: []city{
		{"Thành phố Hồ Chí Minh", "", "Asia/Ho_Chi_Minh", "70####"}, {"Hà Nội", "", "Asia/Ho_Chi_Minh", "10####"}, {"Đà Nẵng", "", "Asia/Ho_Chi_Minh", "50####"},
	},
	streets: words("đường_Nguyễn_Huệ đường_Lê_Lợi phố_Hàng_Bông đường_Trần_Phú"),
	line:    "{no} {street}",
	firms:   []firm{{"cafe", "Cà phê {given}"}, {"hotel", "Khách sạn {city}"}, {"office", "Công ty TNHH {family}"}},
}

var nigeria = locale{
	region: "NG", language: "en-NG", weight: 10,
	feminine:  words("Ngozi Folákẹ́ Aisha Chidinma Yétúndé Blessing"),
	masculine: words("Chukwuemeka Olúwaṣeun Ibrahim Tunde Emeka Bàbátúndé"),
	family:    words("Okonkwo Adéyẹmí Musa Ọbasanjọ Eze Bello Nwosu Akíntọ́lá"),
	person:    "{given} {family}",
	cities:    []city{{"Lagos", "Lagos", "Africa/Lagos", "10####"}, {"Abuja", "FCT", "Africa/Lagos", "90####"}, {"Ìbàdàn", "Oyo", "Africa/Lagos", "20####"}},
	streets:   words("Broad_Street Awolowo_Road Marina_Road Adeola_Odeku_Street"),
	line:      "{no} {street}",
	firms:     []firm{{"office", "{family} Ventures Ltd"}, {"restaurant", "Mama {given}'s Kitchen"}, {"cafe", "{city} Roastery"}},
}
