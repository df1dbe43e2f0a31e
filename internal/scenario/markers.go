package scenario

import "time"

// markers2020 are the dates of the notice of November 2020, rows e0 to e19, and those of the
// press.
func markers2020() []Marker {
	return []Marker{
		mark(windowStart, "e0", "stated start of the abuse window"),
		mark(jst(2020, 10, 15, 17, 56), "e1", "bug-bounty report received"),
		mark(pressStart, "press of 17 Nov 2020", "start of the window as first published"),
		mark(userReport, "e2", "first user report (friend add and group invite)"),
		markDay(jst(2020, 11, 2, 0, 0), "day", "between e2 and e3", "exploitation by others begins"),
		mark(jst(2020, 11, 2, 10, 38), "e3", "mass calls to an assistant interface confirmed"),
		mark(interrupted1, "e4", "first service interruption begins"),
		mark(interrupted1End, "e4", "first service interruption ends"),
		mark(botsRemoved, "e5", "14 bots removed"),
		mark(interrupted2, "e6", "second service interruption begins"),
		mark(patch1, "e7", "first patch"),
		mark(interrupted2End, "e6", "second service interruption ends"),
		mark(windowEnd, "e8", "stated end of the window"),
		mark(jst(2020, 11, 3, 13, 39), "e9", "interruption announced on Twitter"),
		mark(jst(2020, 11, 4, 19, 0), "e10", "first batch of invitations cancelled"),
		mark(jst(2020, 11, 4, 20, 5), "e11", "second patch"),
		mark(jst(2020, 11, 5, 19, 0), "e12", "second batch of invitations cancelled"),
		mark(jst(2020, 11, 16, 15, 46), "e13", "third batch of invitations cancelled"),
		mark(jst(2020, 11, 17, 19, 40), "e14", "notice to Japan, Indonesia and other regions"),
		mark(jst(2020, 11, 18, 11, 35), "e15", "notice to Taiwan"),
		mark(jst(2020, 11, 18, 17, 30), "e16", "fourth batch of invitations cancelled"),
		mark(jst(2020, 11, 18, 20, 10), "e17", "notice to Thailand"),
		mark(jst(2020, 11, 20, 10, 30), "e18", "fifth batch of invitations cancelled"),
		mark(jst(2020, 11, 24, 17, 42), "e19", "second notice"),
	}
}

// markers2021 are the dates of the account compromise of 2021; no hour is known.
func markers2021() []Marker {
	return []Marker{
		markDay(abnormality, "week", "week before 2021-07-28", "the service detects an abnormality, protects users and notifies some"),
		markDay(jst(2021, 7, 27, 0, 0), "day", "2021-07-27", "formal report to the police"),
		markDay(jst(2021, 7, 28, 0, 0), "day", "2021-07-28", "press report of more than 100 accounts; encryption had been switched off"),
		markDay(jst(2021, 8, 2, 0, 0), "day", "2021-08-02", "source of the second text published"),
	}
}

// markers2023 are the dates of the breach of 2023; no hour is known.
func markers2023() []Marker {
	at := func(month time.Month, d, year int, row, text string) Marker {
		return markDay(jst(year, month, d, 0, 0), "day", row, text)
	}
	return []Marker{
		at(9, 14, 2023, "2023-09-14", "first unauthorised access, as corrected on 27 December"),
		at(10, 9, 2023, "2023-09-14", "first unauthorised access, as first published"),
		at(10, 17, 2023, "2023-10-17", "suspicious access detected"),
		at(10, 27, 2023, "2023-10-27", "judged very likely external; access of the affiliate cut step by step"),
		at(10, 28, 2023, "2023-10-28", "forced new sign-in of all employees"),
		at(10, 29, 2023, "2023-10-29", "leak confirmed"),
		at(11, 27, 2023, "2023-11-27", "public notice of 440,027 items; individual notices begin"),
		at(12, 27, 2023, "2023-12-27", "370 items of users more, one less; start corrected"),
		at(2, 14, 2024, "2024-02-14", "final figures: 519,506 items"),
	}
}
