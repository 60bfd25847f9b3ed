package dataset

// The names are made of syllables, so that there are as many as a large company's
// customers have, and as unlike each other: 2,000 given and 5,000 family names.
const (
	givenNames  = 2_000
	familyNames = 5_000
)

var (
	givenHeads  = []string{"A", "Be", "Ca", "Da", "E", "Fa", "Ga", "Ha", "I", "Ja", "Ka", "La", "Ma", "Na", "O", "Pe", "Ra", "Sa", "Te", "Vi"}
	givenHearts = []string{"", "li", "mi", "na", "ro", "ri", "le", "vi", "sé", "do"}
	givenTails  = []string{"na", "n", "a", "ne", "ra", "s", "ta", "la", "o", "th"}

	familyHeads  = []string{"Al", "Ber", "Car", "Dun", "El", "Fisch", "Gar", "Hol", "Ing", "Jan", "Kirch", "Lind", "Mort", "Nor", "Os", "Pal", "Ro", "Schmi", "Tor", "Wil"}
	familyHearts = []string{"", "ber", "de", "gas", "ko", "le", "man", "ri", "sen", "win"}
	familyTails  = []string{
		"er", "son", "mann", "ez", "ski", "berg", "ton", "ley", "ov", "ini", "ard", "ström", "feld", "wood", "by", "eau", "ić", "lund", "dt", "stein",
		"worth", "es", "ham", "rath", "oğlu",
	}

	chineseFamily = []rune("王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
	chineseGiven  = []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉红梅建国文志秀春海云峰龙雪琳晨欣怡宇浩然子轩梓涵雨泽")
)

// name returns the display name of the customer of this number. Every tenth is
// Chinese, of two or three characters.
func name(n int) string {
	if n%10 == 7 {
		return chineseName(n / 10)
	}
	h := scattered(n)
	return givenName(h%givenNames) + " " + familyName(h/givenNames%familyNames)
}

// scattered turns a number into one that looks like chance, so that names meet as they
// do among people. It is the last step of splitmix64.
func scattered(n int) int {
	h := uint64(n) + 0x9e3779b97f4a7c15 //nolint:gosec // numbers are not negative
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return int((h ^ h>>31) >> 1) //nolint:gosec // the shift leaves 63 bits
}

func chineseName(n int) string {
	h := scattered(n)
	out := string(pick(chineseFamily, h, 1)) + string(pick(chineseGiven, h, 1000))
	if n%3 != 0 {
		out += string(pick(chineseGiven, h, 100_000))
	}
	return out
}

func givenName(i int) string {
	return pick(givenHeads, i, 1) + pick(givenHearts, i, len(givenHeads)) + pick(givenTails, i, len(givenHeads)*len(givenHearts))
}

func familyName(i int) string {
	return pick(familyHeads, i, 1) + pick(familyHearts, i, len(familyHeads)) + pick(familyTails, i, len(familyHeads)*len(familyHearts))
}
