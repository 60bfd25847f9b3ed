package tabular

import "strings"

// A spreadsheet takes a cell that begins with one of these for a formula, some of them
// in languages written in full width (OWASP, CSV injection).
var formulas = []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"}

const guard = "'"

// Guard returns the cell so that no spreadsheet computes it: one that could be a formula,
// or could have been guarded itself, gets a ' in front.
func Guard(cell string) string {
	if guarded(cell) {
		return guard + cell
	}
	return cell
}

// Unguard takes away what Guard has put in front, and nothing else: a ' before other
// text was not its doing.
func Unguard(cell string) string {
	if rest, ok := strings.CutPrefix(cell, guard); ok && guarded(rest) {
		return rest
	}
	return cell
}

func guarded(cell string) bool {
	if strings.HasPrefix(cell, guard) {
		return true
	}
	for _, f := range formulas {
		if strings.HasPrefix(cell, f) {
			return true
		}
	}
	return false
}
