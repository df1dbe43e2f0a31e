package calendar

import "time"

// Months returns the last day of a period of n months that an event on d started. The day of the
// event is not counted (Civil Code 140), months are calendar months (143), and the period lasts
// until 24:00 of the day returned. Whoever adds a month to the date instead gets the ends of
// months wrong: from 28 February the whole of March follows, not 28 days of it.
func Months(d Date, n int) Date { return lastOf(d.Add(1), n) }

// lastOf returns the last day of n months whose first day is start: the day before the same day
// of the month, or the end of the month when it has no such day (Civil Code 143(2)).
func lastOf(start Date, n int) Date {
	first := Of(start.Year, start.Month+time.Month(n), 1)
	end := MonthEnd(first)
	if start.Day > end.Day {
		return end
	}
	return first.Add(start.Day - 2)
}

// Days returns the last day of a period of n days that an event on d started. The day of the
// event is not counted, and the period lasts until 24:00 of the day returned.
func Days(d Date, n int) Date { return d.Add(n) }

// majority says how old an adult is in Japan, by the date (Civil Code 4, as amended in 2018).
var majority = []struct {
	from  Date
	years int
}{
	{Date{2022, time.April, 1}, 18},
	{Date{}, 20},
}

// AdultOn reports whether a person born on born is of age in Japan on the day on. An age is
// reached at the end of the day before the birthday, so a person is of age from the birthday on,
// and one born on 29 February from 1 March of an ordinary year.
func AdultOn(born, on Date) bool {
	from, _ := AdultFrom(born)
	return !on.Before(from)
}

// AdultFrom returns the first day on which a person born on born is of age in Japan, and the age
// at which that is so.
func AdultFrom(born Date) (Date, int) {
	// Under the older, higher age first: who was of age before the change stays so.
	for i := len(majority) - 1; i >= 0; i-- {
		m := majority[i]
		from := lastOf(born, 12*m.years).Add(1)
		if from.Before(m.from) {
			from = m.from
		}
		if i == 0 || from.Before(majority[i-1].from) {
			return from, m.years
		}
	}
	panic("calendar: the table of ages of majority is empty")
}

// RateDate returns the last bank day on or before the end of d's month: the day whose exchange
// rate converts a reward for a report of that month. The terms name Sundays and public
// holidays only; Saturdays and 31 December have no rate either (C-6).
func RateDate(d Date) Date { return PrevBankDay(MonthEnd(d)) }
