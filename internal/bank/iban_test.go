package bank

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"pgregory.net/rapid"
)

// registered has the example of the IBAN registry for every country that has IBANs.
const registered = `
AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201 AZ21NABZ00000000137010001944
BA391290079401028494 BE68539007547034 BG80BNBG96611020345678 BH67BMAG00001299123456 BI4210000100010000332045181
BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00 CH9300762011623852957 CR05015202001026284066 CY17002001280000001200527600
CZ6508000000192000145399 DE89370400440532013000 DJ2100010000000154000100186 DK5000400440116243 DO28BAGR00000001212453611324
EE382200221020145685 EG380019000500000000263180002 ES9121000418450200051332 FI2112345600000785 FK88SC123456789012
FO6264600001631634 FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917 GI75NWBK000000007099453
GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690 HN88CABF00000000000250005469 HR1210010051863000160
HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999 IQ98NBIQ850123456789012 IS140159260076545510730339
IT60X0542811101000000123456 JO94CBJO0010000000000131000302 KW81CBKU0000000000001234560101 KZ86125KZT5004100100 LB62099900000001001901229114
LC55HEMM000100010012001200023015 LI21088100002324013AA LT121000011101001000 LU280019400644750000 LV80BANK0000435195001
LY83002048000020100120361 MC5811222000010123456789030 MD24AG000225100013104168 ME25505000012345678951 MK07250120000058984
MN121234123456789123 MR1300020001010000123456753 MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR NI45BAPR00000013000003558124
NL91ABNA0417164300 NO9386011117947 OM810180000001299123456 PK36SCBL0000001123456702 PL61109010140000071219812874
PS92PALS000000000400123456702 PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000 RS35260005601001611379
RU0304452522540817810538091310419 SA0380000000608010167519 SC18SSCB11010000000000001497USD SD2129010501234001 SE4550000000058398257466
SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100 SO211000001001000100141 ST23000100010051845310146
SV62CENR00000000000000700025 TL380080012345678910157 TN5910006035183598478831 TR330006100519786457841326 UA213223130000026007233566001
VA59001123000012345678 VG96VPVG0000012345678901 XK051212012345678906 YE15CBYE0001018861234567891234`

func TestEveryCountryOfTheRegistryIsKnown(t *testing.T) {
	seen := map[string]bool{}
	for iban := range strings.FieldsSeq(registered) {
		got, err := CheckIBAN(iban)
		if err != nil || got != iban {
			t.Errorf("%s: %q, %v", iban, got, err)
		}
		seen[iban[:2]] = true
		if _, err := language.ParseRegion(iban[:2]); err != nil {
			t.Errorf("%s is no country", iban[:2])
		}
	}
	for country := range ibanStructures {
		if !seen[country] {
			t.Errorf("%s has a structure and no example", country)
		}
		if !HasIBAN(country) {
			t.Errorf("%s has no IBAN", country)
		}
	}
	if HasIBAN("JP") || HasIBAN("US") || HasIBAN("") {
		t.Error("Japan and the United States have no IBANs")
	}
}

func TestIBANsAreReadAsPeopleTypeThem(t *testing.T) {
	for _, s := range []string{
		"GB82 WEST 1234 5698 7654 32", "gb82west12345698765432", " GB82WEST12345698765432\t", "GB82\u00a0WEST\u00a01234 5698 7654 32", "nl40 abna 0517 5522 64",
		"AT61 1904 3002 3457 3201", "DE75512108001245126199", "es91 2100 0418 4502 0005 1332",
	} {
		got, err := CheckIBAN(s)
		if err != nil || strings.ContainsAny(got, " \t\u00a0") || got != strings.ToUpper(got) {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	if got := FormatIBAN("NL40ABNA0517552264"); got != "NL40 ABNA 0517 5522 64" {
		t.Errorf("printed as %q", got)
	}
}

func TestWhatIsNoIBANIsExplained(t *testing.T) {
	for _, c := range []struct{ name, in, says string }{
		{"a wrong digit", "GB82WEST12345698765433", "check digits do not fit"},
		{"a digit too few for the country", "DE8937040044053201300", "has 21 signs, and an IBAN of DE has 22"},
		{"a digit too many for the country", "AT6119043002345732011", "has 21 signs, and an IBAN of AT has 20"},
		{"right check digits and a wrong structure", "GB981234WEST5698765432", "a letter where"},
		{"check digits that only the remainder takes", wrapped("DE", "370400440532013"), "check digits do not fit"},
		{"Japan", "JP12345678901234567890", "“JP” has no IBANs"},
		{"the United States", "US12345678901234567890", "“US” has no IBANs"},
		{"a country that is none", "ZZ12345678901234567890", "“ZZ” has no IBANs"},
		{"a hyphen", "GB82-WEST-1234-5698-7654-32", "sign 5 is “-”"},
		{"full-width digits", "GB８２WEST12345698765432", "sign 3 is “８”"},
		{"a letter that becomes another in capitals", "GB82WEſT12345698765432", "sign 7 is “ſ”"},
		{"nothing", "", "begins with two letters"},
		{"the country alone", "DE", "begins with two letters"},
		{"letters for check digits", "DEAB370400440532013000", "begins with two letters"},
		{"far too long", "DE89" + strings.Repeat("1", 4000), "…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := CheckIBAN(c.in); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q, %v; want %q", got, err, c.says)
			}
		})
	}
}

// wrapped returns an IBAN whose check digits are right by the remainder but 97 too large or small.
func wrapped(country, head string) string {
	for n := range 1000 {
		bban := head + fmt.Sprintf("%03d", n)
		for _, check := range []string{"00", "01", "99"} {
			if iban := country + check + bban; mod97(iban[4:]+iban[:4]) == 1 {
				return iban
			}
		}
	}
	return ""
}

func TestOneWrongSignIsAlwaysFound(t *testing.T) {
	all := strings.Fields(registered)
	rapid.Check(t, func(t *rapid.T) {
		iban := []byte(rapid.SampledFrom(all).Draw(t, "iban"))
		i := rapid.IntRange(2, len(iban)-1).Draw(t, "place")
		if rapid.Bool().Draw(t, "swap") && i+1 < len(iban) {
			iban[i], iban[i+1] = iban[i+1], iban[i]
		} else {
			iban[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rapid.IntRange(0, 35).Draw(t, "sign")]
		}
		if strings.Contains(registered, string(iban)) {
			return // the same sign
		}
		if got, err := CheckIBAN(string(iban)); err == nil {
			t.Fatalf("%s was taken", got)
		}
	})
}

func TestBIC(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"eight signs", "BBVAESMM", "BBVAESMM"},
		{"eleven signs", "MHCBJPJTXXX", "MHCBJPJTXXX"},
		{"small letters and spaces, as people type them", "deut de ff 500", "DEUTDEFF500"},
		{"digits in the first four", "E097FRPP", "E097FRPP"},
		{"nine signs", "BBVAESMMX", ""},
		{"ten signs", "MHCBJPJTXX", ""},
		{"twelve signs", "MHCBJPJTXXXX", ""},
		{"a digit in the country", "BBVAE5MM", ""},
		{"a hyphen", "BBVA-SMM", ""},
		{"full-width letters", "ＢBVAESMM", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := CheckBIC(c.in); got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestJapaneseNumbers(t *testing.T) {
	for _, c := range []struct {
		check func(string) error
		in    string
		ok    bool
	}{
		{CheckBankCode, "0001", true}, {CheckBankCode, "001", false}, {CheckBankCode, "00001", false}, {CheckBankCode, "00a1", false},
		{CheckBranchCode, "110", true}, {CheckBranchCode, "1100", false}, {CheckBranchCode, "", false},
		{CheckAccountNumber, "0001234", true}, {CheckAccountNumber, "1234", false}, {CheckAccountNumber, "１２３４５６７", false}, {CheckAccountNumber, "-123456", false},
	} {
		if err := c.check(c.in); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.in, err)
		}
	}
	if len(Kinds()) != 4 {
		t.Error("the bank file tells four kinds of account apart")
	}
}

func FuzzCheckIBAN(f *testing.F) {
	for s := range strings.FieldsSeq(registered) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := CheckIBAN(s)
		if err != nil {
			return
		}
		if again, err := CheckIBAN(FormatIBAN(got)); err != nil || again != got || len(got) > maxIBAN {
			t.Errorf("%q is %q, and that is %q, %v", s, got, again, err)
		}
	})
}

func FuzzCheckBIC(f *testing.F) {
	f.Add("BBVAESMM")
	f.Add("mhcbjpjt xxx")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := CheckBIC(s); err == nil {
			if again, err := CheckBIC(got); err != nil || again != got {
				t.Errorf("%q is %q, and that is %q, %v", s, got, again, err)
			}
		}
	})
}
