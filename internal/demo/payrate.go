package demo

import (
	"fmt"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
)

// monthEnds are the rates of the last bank days of the months from January 2017, in hundredths of a yen:
// invented, and near what the dollar was.
var monthEnds = []int{
	11381, 11256, 11219, 11129, 11096, 11200, 11063, 11042, 11273, 11316, 11210, 11300,
	10879, 10737, 10624, 10945, 10871, 11054, 11122, 11106, 11357, 11326, 11347, 11100,
	10896, 11079, 11099, 11167, 10936, 10779, 10864, 10646, 10792, 10888, 10951, 10956,
	10906, 10943, 10883, 10687, 10753, 10774, 10460, 10536, 10580, 10560,
}

// demoRates are the rates that the desk has imported: those that counted of the years before, and each
// day of 2020 but one, which is a gap to be seen.
func demoRates() map[calendar.Date]string {
	all := map[calendar.Date]string{}
	text := func(n int) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
	gap := calendar.Of(2020, time.October, 8)
	for i, n := range monthEnds {
		first := calendar.Of(2017, time.January+time.Month(i), 1)
		end := calendar.RateDate(first)
		all[end] = text(n)
		if first.Year < 2020 {
			continue
		}
		from := monthEnds[i-1]
		for d := first; d.Before(end); d = d.Add(1) {
			if calendar.BankDay(d) && d != gap {
				all[d] = text(from + (n-from)*d.Day/end.Day + (d.Day*37)%23 - 11)
			}
		}
	}
	return all
}

// buying is the buying rate of a payment day: a yen below the middle rate of its month.
func buying(on calendar.Date) string {
	n := monthEnds[(on.Year-2017)*12+int(on.Month)-1] - 100
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}
