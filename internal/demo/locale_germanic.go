package demo

// The lists of this file and its neighbours are ours, written by hand: common names,
// well-known cities and plausible firms of each country, most common first.

var germany = locale{
	region: "DE", language: "de-DE", weight: 150,
	feminine:  words("Anna Lena Käthe Sabine Julia Sophie Ursula Petra Änne Katrin Monika Hannelore Mia Frauke"),
	masculine: words("Thomas Jürgen Lukas Björn Stefan Günther Jörg Paul Matthias Sören Felix Wolfgang Ömer Dieter Jan Götz"),
	family:    words("Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Krüger Köhler Groß Weiß Böhm Jäger Vogt Strauß Lüders Kühn von_Bülow Weiß-Köhler"),
	person:    "{given} {family}",
	cities: []city{
		{"Berlin", "", "Europe/Berlin", "10###"},
		{"Hamburg", "", "Europe/Berlin", "20###"},
		{"München", "Bayern", "Europe/Berlin", "80###"},
		{"Köln", "Nordrhein-Westfalen", "Europe/Berlin", "506##"},
		{"Bremen", "", "Europe/Berlin", "28###"},
		{"Düsseldorf", "Nordrhein-Westfalen", "Europe/Berlin", "402##"},
		{"Lübeck", "Schleswig-Holstein", "Europe/Berlin", "235##"},
	},
	streets: words("Hauptstraße Lindenweg Gartenstraße Bahnhofstraße Schillerstraße Mühlenweg Am_Markt Königsallee Grüner_Weg"),
	line:    "{street} {no}",
	firms: []firm{
		{"cafe", "Café {family}"},
		{"office", "{family} & Partner GmbH"},
		{"hotel", "Hotel {family} {city}"},
		{"bakery", "Bäckerei {family}"},
		{"restaurant", "Gasthaus zum grünen Kranz, {family}"},
		{"clinic", "Zahnarztpraxis Dr. {family}"},
		{"retailer", "{family} Küchengeräte OHG"},
		{"school", "Volkshochschule {city}"},
	},
}

var britain = locale{
	region: "GB", language: "en-GB", weight: 80,
	feminine:  words("Olivia Amelia Emily Charlotte Siân Zoë Grace Priya Eleanor Ruth Chloë Fiona Saoirse Bronwen"),
	masculine: words("Oliver George Harry Jack Callum Rhys Thomas Mohammed Arthur Seán Edward Alfie Ewan Nigel"),
	family:    words("Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker Robinson Thompson Hughes O'Brien Campbell MacDonald Fitzgerald Okafor Ashworth Pritchard St_John-Smythe"),
	person:    "{given} {family}",
	cities: []city{
		{"London", "", "Europe/London", "SE# #RT"},
		{"Manchester", "", "Europe/London", "M# #BB"},
		{"Bristol", "", "Europe/London", "BS# #TH"},
		{"Glasgow", "", "Europe/London", "G# #QD"},
		{"Cardiff", "", "Europe/London", "CF# #PL"},
		{"Leeds", "", "Europe/London", "LS# #JN"},
	},
	streets: words("High_Street Station_Road Church_Lane Victoria_Road Mill_Lane Park_Avenue Queen_Street The_Green"),
	line:    "{no} {street}",
	firms: []firm{
		{"cafe", "The {family} Coffee Room"},
		{"office", "{family} & Sons Ltd"},
		{"restaurant", "{family}'s Kitchen"},
		{"coworking", "{city} Desk Company Ltd"},
		{"hotel", "The {city} Arms Hotel"},
		{"clinic", "{family} Dental Practice"},
		{"retailer", "{family} Cookware plc"},
		{"school", "{city} Sixth Form College"},
	},
}

var states = locale{
	region: "US", language: "en-US", weight: 110,
	feminine:  words("Emma Olivia Sophia Isabella Ava Mia Renée Latoya Jennifer Guadalupe Hannah Deborah Nevaeh Zoë"),
	masculine: words("Liam Noah James José William Benjamin Jamal Michael DeShawn Robert Ethan Kenneth Dwayne André"),
	family:    words("Smith Johnson Williams Brown Jones Garcia Miller Davis Rodríguez Martinez Hernandez Lopez Wilson Anderson Lee Nguyen Kowalski Washington O'Connor Peña Goldberg Yamamoto Begay LaFleur"),
	person:    "{given} {middle}{family}",
	cities: []city{
		{"New York", "NY", "America/New_York", "100##"},
		{"Los Angeles", "CA", "America/Los_Angeles", "900##"},
		{"Chicago", "IL", "America/Chicago", "606##"},
		{"Houston", "TX", "America/Chicago", "770##"},
		{"Seattle", "WA", "America/Los_Angeles", "981##"},
		{"Denver", "CO", "America/Denver", "802##"},
		{"Boston", "MA", "America/New_York", "021##"},
	},
	streets: words("Main_St Oak_Ave Maple_Street Washington_Blvd 2nd_Ave Cedar_Lane Park_Ave Elm_St Lakeview_Dr"),
	line:    "{no} {street}",
	firms: []firm{
		{"office", "{family} Holdings LLC"},
		{"cafe", "{family} Coffee Co."},
		{"restaurant", "{family}'s Diner"},
		{"coworking", "{city} Commons, Inc."},
		{"hotel", "{family} Suites {city}"},
		{"clinic", "{family} Family Dentistry"},
		{"retailer", "{family} Kitchen Supply Inc."},
		{"school", "{city} Community College"},
	},
}

var sweden = locale{
	region: "SE", language: "sv-SE", weight: 22,
	feminine:  words("Astrid Elsa Märta Åsa Ingrid Linnéa Maja Karin Ylva Birgitta"),
	masculine: words("Lars Erik Åke Nils Göran Oskar Sven Håkan Björn Emil"),
	family:    words("Andersson Johansson Karlsson Nilsson Eriksson Lindström Öberg Åkesson Bergström Sjögren Hägg Lindqvist"),
	person:    "{given} {family}",
	cities: []city{
		{"Stockholm", "", "Europe/Stockholm", "11# ##"}, {"Göteborg", "", "Europe/Stockholm", "41# ##"}, {"Malmö", "", "Europe/Stockholm", "21# ##"},
	},
	streets: words("Storgatan Kungsgatan Björkvägen Skolgatan Ängsvägen"),
	line:    "{street} {no}",
	firms: []firm{
		{"office", "{family} & Co AB"}, {"cafe", "Kafé {family}"}, {"hotel", "Hotell {city}"}, {"bakery", "{family}s Konditori"},
	},
}

var iceland = locale{
	region: "IS", language: "is-IS", weight: 4,
	feminine:  words("Guðrún Sigríður Þórunn Ásdís Björk Æsa"),
	masculine: words("Jón Sigurður Þór Ólafur Hörður Guðmundur"),
	family:    words("Jónsson Sigurðsson Þórðarson Ólafsson Björnsson Guðmundsson"),
	endings:   [][2]string{{"sson", "sdóttir"}, {"arson", "ardóttir"}},
	person:    "{given} {family}",
	cities:    []city{{"Reykjavík", "", "Atlantic/Reykjavik", "10#"}, {"Akureyri", "", "Atlantic/Reykjavik", "600"}},
	streets:   words("Laugavegur Skólavörðustígur Hafnarstræti"),
	line:      "{street} {no}",
	firms:     []firm{{"cafe", "Kaffihús {city}"}, {"office", "{family} ehf."}},
}
