package withholding

import (
	"time"

	"hinomi.dev/hinomi/internal/calendar"
)

// RemitBy returns the last day to pay the tax that was kept back from a payment on the day paid: the
// 10th of the next month, or the next business day (R-69; General Act of National Taxes 10(2)).
func RemitBy(paid calendar.Date) calendar.Date {
	return calendar.NextBankDay(calendar.Of(paid.Year, paid.Month+1, 10))
}

// RecordBy returns the last day to file the payment records of a year: 31 January, or the next
// business day.
func RecordBy(year int) calendar.Date {
	return calendar.NextBankDay(calendar.Of(year+1, time.January, 31))
}

// recordOver is the yen paid to one person in a year above which a payment record is due. The
// limit for non-residents is from general knowledge: the tax role has to confirm it.
var recordOver = map[Category]int64{
	ResidentFee:              50_000,
	ResidentEntryPrize:       50_000,
	ResidentAdvertisingPrize: 500_000,
	Nonresident:              500_000,
}

// RecordDue reports whether a payment record is due for somebody who was paid the gross amount of
// yen in a year under the category.
func RecordDue(c Category, year int64) bool {
	limit, ok := recordOver[c]
	return ok && year > limit
}

// FormInTime reports whether the application for the treaty rate, at the tax office on the day
// handed, holds for a first payment on the day paid: it has to be there the day before. A later one
// does not change the tax; the payee asks for a refund.
func FormInTime(handed, paid calendar.Date) bool { return handed.Before(paid) }
