package demo

import (
	"fmt"

	"hinomi.dev/hinomi/internal/bank"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/payout/bankfile"
)

// Originator is who pays in the demo: nobody, at a bank that does not exist.
var Originator = bankfile.Originator{
	ClientCode: "2016060215", NameKana: "カ）ヒノミデモ", Name: "Hinomi Demo KK", Town: "Tokyo", Country: "JP", BIC: "DEMOJPJT",
	Bank:    bankfile.Bank{Code: "9999", NameKana: "デモ", Branch: "101", BranchNameKana: "ホンテン"},
	Account: bankfile.Account{Kind: bank.Ordinary, Number: "1020304"},
}

// RateSource is whose rates the demo has: invented ones, near what the dollar was.
const RateSource = "demo rates, middle rate (TTM)"

// kana is how the guests from Japan read their names: they stand first in the list.
var kana = [japanese]string{
	"アサヒナ カエデ", "ミズノ ソラ", "ナンジヨウ ハルト", "ウカイ リンタロウ", "タチバナ ユウ", "ツジムラ マシロ", "カスガ レン",
	"オノデラ ミオ", "フカマチ ワタル", "ホシカワ ナツキ", "ヤエガシ トオル", "イヌイ サキ", "クロイワ レン", "キリユウ ホタル",
	"クマシロ カズハ", "シラサギ メイ", "マカベ リツ", "シノノメ ユヅキ", "オキタ タマキ", "ワカバヤシ ケン", "ニカイドウ カエデ",
}

// latin is how guests spell their names at their banks who sign with other letters.
var latin = map[string]string{
	"محمود الشرنوبي": "Mahmoud Elsharnouby", "فيصل الدوسري": "Faisal Aldosari", "ธนวัฒน์ ศรีสุขเกษม": "Thanawat Srisukkasem",
	"ปวีณา แก้วมณี": "Paweena Kaewmanee", "陳冠廷": "Chen Kuan-Ting", "林予晴": "Lin Yu-Ching", "吳思穎": "Wu Szu-Ying", "張皓翔": "Chang Hao-Hsiang",
	"鄭曉嵐": "Cheng Hiu Laam", "沈墨言": "Shen Moyan", "顾青禾": "Gu Qinghe", "서지우": "Seo Jiwoo", "한별이": "Han Byeori", "오태윤": "Oh Taeyoon",
	"Ελένη Παπαστράτου": "Eleni Papastratou", "Олександра Вербицька": "Oleksandra Verbytska", "Дмитрий Полозов": "Dmitrii Polozov",
}

// ibans are the examples of the public registry of IBANs: accounts that are nobody's.
var ibans = map[string]string{
	"PK": "PK36SCBL0000001123456702", "EG": "EG380019000500000000263180002", "TN": "TN5910006035183598478831", "SA": "SA0380000000608010167519",
	"JO": "JO94CBJO0010000000000131000302", "AE": "AE070331234567890123456", "TR": "TR330006100519786457841326", "GB": "GB29NWBK60161331926819",
	"IE": "IE29AIBK93115212345678", "DE": "DE89370400440532013000", "AT": "AT611904300234573201", "CH": "CH9300762011623852957", "NL": "NL91ABNA0417164300",
	"BE": "BE68539007547034", "FR": "FR1420041010050500013M02606", "ES": "ES9121000418450200051332", "PT": "PT50000201231234567890154",
	"IT": "IT60X0542811101000000123456", "PL": "PL61109010140000071219812874", "CZ": "CZ6508000000192000145399", "HU": "HU42117730161111101800000000",
	"RO": "RO49AAAA1B31007593840000", "GR": "GR1601101250000000012300695", "UA": "UA213223130000026007233566001", "FI": "FI2112345600000785",
	"SE": "SE4550000000058398257466", "NO": "NO9386011117947", "DK": "DK5000400440116243", "IL": "IL620108000000099999999",
}

// details are what a guest supplies to be paid.
func (g guest) details(by int) payout.Details {
	d := payout.Details{Name: g.name, Street: fmt.Sprintf("%d Example Street", by+1), Town: "Exampleton", Country: g.country, Phone: "00", Own: true}
	if by < japanese {
		d.Kana, d.Town, d.Street, d.Japanese = kana[by], "例示市", fmt.Sprintf("見本町1-%d", by+1), true
		d.Bank = bankfile.Bank{Code: "9998", NameKana: "ミホン", Branch: fmt.Sprintf("%03d", 101+by), BranchNameKana: "エキマエ"}
		d.Account = bankfile.Account{Kind: bank.Ordinary, Number: fmt.Sprintf("%07d", 1_000_000+7_919*(by+1)), HolderKana: d.Kana}
		return d
	}
	if name := latin[g.name]; name != "" {
		d.Name = name
	}
	d.Holder, d.BIC = d.Name, "DEMO"+g.country+"22"
	if bank.HasIBAN(g.country) {
		d.Account.IBAN = ibans[g.country]
		if d.Account.IBAN != "" {
			return d
		}
		d.BIC = "DEMOSG22" // an account in another country than one's own is paid as well
	}
	d.Account.Number = fmt.Sprintf("%012d", 100_000_000+104_729*(by+1))
	if d.BIC[4:6] == "US" {
		d.Clearing.Member = "021000021"
	}
	return d
}
