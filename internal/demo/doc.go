// Package demo makes up a company with its customers, for trying Rapport out: Halden &
// Roth of Bremen, who build espresso machines and grinders, roast beans that come by
// subscription, and keep the machines going, in some thirty countries.
//
// All that is known of a customer follows from the company's seed and the customer's
// number, never from how many customers there are: a larger company extends a smaller
// one. Each subject draws from random numbers of its own (Persona.random), so that
// what is added later changes nothing that was there. Only the times of a history, what
// was said, bought, asked and promised, follow from the day of the fill too.
//
// Nobody in it exists. E-mail addresses are under domains that nobody can own (RFC
// 2606). Phone numbers are valid ones of their countries, so one may by chance be
// somebody's: they are for looking at, not for calling.
package demo
