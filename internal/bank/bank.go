// Package bank knows how accounts are written: IBAN and BIC, the numbers of Japanese accounts, names
// in the half-width kana of Japanese bank files, and whether the name on an account is that of the
// person to be paid.
//
// It proposes and explains; a person decides. Nothing here asks a bank, so a valid number says
// that it was not mistyped, not that the account exists.
package bank

import (
	"strings"

	"hinomi.dev/hinomi/internal/fault"
)

// A Kind is the kind of a Japanese account.
type Kind string

// The kinds that the bank file tells apart.
const (
	Ordinary Kind = "ordinary" // 普通
	Current  Kind = "current"  // 当座
	Savings  Kind = "savings"  // 貯蓄
	Other    Kind = "other"    // その他
)

// Kinds returns all of them.
func Kinds() []Kind { return []Kind{Ordinary, Current, Savings, Other} }

// CheckBankCode says what is wrong with the code of a Japanese bank.
func CheckBankCode(s string) error { return digits(s, 4, "bank code", "銀行コード") }

// CheckBranchCode says what is wrong with the code of a branch.
func CheckBranchCode(s string) error { return digits(s, 3, "branch code", "支店コード") }

// CheckAccountNumber says what is wrong with a Japanese account number. Shorter ones are written
// with zeros in front, by whoever knows that they are complete.
func CheckAccountNumber(s string) error { return digits(s, 7, "account number", "口座番号") }

func digits(s string, n int, en, ja string) error {
	if len(s) == n && strings.Trim(s, "0123456789") == "" {
		return nil
	}
	return fault.New(fault.Invalid, "“%[1]s” is no %[2]s: it has %[3]d digits, with zeros in front.",
		"「%[1]s」は%[4]sとして読めません。先頭のゼロを含む%[3]d桁の数字です。", s, en, n, ja)
}

// CheckBIC returns a BIC as it is written in files, or says what is wrong with it: 8 or 11 signs,
// the fifth and sixth the country.
func CheckBIC(s string) (string, error) {
	bic := compact(s)
	if len(bic) != 8 && len(bic) != 11 {
		return "", fault.New(fault.Invalid, "“%s” has %d signs, and a BIC has 8 or 11.", "「%s」は%d文字です。BICは8文字または11文字です。", s, len([]rune(bic)))
	}
	for i, r := range bic {
		letter, digit := 'A' <= r && r <= 'Z', '0' <= r && r <= '9'
		if i == 4 || i == 5 {
			digit = false
		}
		if !letter && !digit {
			return "", fault.New(fault.Invalid, "“%[1]s” is no BIC: sign %[2]d is “%[3]c”. Letters and digits are allowed, and only letters as signs 5 and 6, the country.",
				"「%[1]s」はBICとして読めません。%[2]d文字目が「%[3]c」です。使えるのは英数字で、5・6文字目（国）は英字だけです。", s, i+1, r)
		}
	}
	return bic, nil
}

// compact returns a number as it is written in files: without the spaces that people put between
// groups, in capitals. Only ASCII letters are raised: no other letter may become one of them.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - ('a' - 'A')
		case r == ' ', r == '\t', r == 0xa0, r == 0x2009, r == 0x202f, r == 0x3000:
			return -1
		}
		return r
	}, s)
}
