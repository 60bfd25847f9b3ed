// Package aip holds the small pieces of Google's API improvement proposals that
// every resource shares: names, filters, orders, pages, update masks and etags.
//
// Filters (AIP-160) have a parser of our own. The kept alternative,
// go.einride.tech/aip/filtering, overflows the stack on nested parentheses, which no
// recover catches; keeps the position of an error only in its text; takes unquoted
// enum values and times for identifiers; and costs about 70 µs and 350 allocations for
// three comparisons. What Rapport offers of AIP-160 is small enough that a parser
// with a limit on its depth is shorter than the guards around that one.
package aip
