package cvss

import "hinomi.dev/hinomi/internal/lang"

// The base metrics with their questions. Names follow the specification and IPA; the help is ours.

func answer(code string, name, help lang.Text) Value { return Value{code, name, help} }

func attackVector() Metric {
	return Metric{"AV", Base, text("Attack Vector", "攻撃元区分"),
		text("From where must the attacker act?", "攻撃者はどこから攻撃する必要があるか。"),
		[]Value{
			answer("N", text("Network", "ネットワーク"), text("From anywhere on the internet.", "インターネット上のどこからでも攻撃できる。")),
			answer("A", text("Adjacent", "隣接"), text("Only from the same network, such as the same Wi-Fi or Bluetooth range.", "同じWi-FiやBluetoothの範囲など、隣接するネットワークからだけ攻撃できる。")),
			answer("L", text("Local", "ローカル"), text("Only on the device itself, or through a file the victim opens there.", "端末上での操作、または被害者がその端末で開くファイルを通じて攻撃する。")),
			answer("P", text("Physical", "物理"), text("Only with the device in hand.", "端末に物理的に触れる必要がある。")),
		}}
}

func attackComplexity(low, high lang.Text) Metric {
	return Metric{"AC", Base, text("Attack Complexity", "攻撃条件の複雑さ"),
		text("What must the attacker overcome that they do not control?", "攻撃者が制御できない条件を、どれだけ乗り越える必要があるか。"),
		[]Value{answer("L", text("Low", "低"), low), answer("H", text("High", "高"), high)}}
}

func privilegesRequired() Metric {
	return Metric{"PR", Base, text("Privileges Required", "必要な特権レベル"),
		text("What rights must the attacker have before?", "攻撃の前に、攻撃者はどの権限を持っている必要があるか。"),
		[]Value{
			answer("N", text("None", "不要"), text("None: not even an account.", "権限は不要。アカウントもいらない。")),
			answer("L", text("Low", "低"), text("Those of an ordinary user.", "一般利用者の権限が必要。")),
			answer("H", text("High", "高"), text("Those of an administrator.", "管理者相当の権限が必要。")),
		}}
}

func base31() []Metric {
	return []Metric{
		attackVector(),
		attackComplexity(
			text("Nothing special: it works every time.", "特別な条件はなく、いつでも攻撃が成功する。"),
			text("Conditions beyond the attacker's control, such as a race to win or a place in the middle of the line.", "競合の成立や通信経路への割り込みなど、攻撃者が制御できない条件が必要。")),
		privilegesRequired(),
		{"UI", Base, text("User Interaction", "ユーザ関与レベル"),
			text("Must somebody else do something?", "攻撃者以外の利用者の操作が必要か。"),
			[]Value{
				answer("N", text("None", "不要"), text("Nobody has to do anything.", "誰の操作もいらない。")),
				answer("R", text("Required", "要"), text("A victim has to act, such as opening a link.", "リンクを開くなど、被害者の操作が必要。")),
			}},
		{"S", Base, text("Scope", "スコープ"),
			text("Does the damage leave the component that is vulnerable?", "影響は、脆弱なコンポーネントの外に及ぶか。"),
			[]Value{
				answer("U", text("Unchanged", "変更なし"), text("Only what the same authority manages is harmed.", "影響は同じ管理権限の範囲にとどまる。")),
				answer("C", text("Changed", "変更あり"), text("Something under another authority is harmed: a script on a site harms the visitor's browser.", "別の管理権限の範囲に影響が及ぶ。例：サイト上のスクリプトが閲覧者のブラウザに影響する。")),
			}},
		impact("C", text("Confidentiality Impact", "機密性への影響"), text("What can be read that should not be?", "本来読めない情報がどこまで漏えいするか。"), leaks),
		impact("I", text("Integrity Impact", "完全性への影響"), text("What can be changed that should not be?", "本来変更できない情報がどこまで改ざんされるか。"), tampers),
		impact("A", text("Availability Impact", "可用性への影響"), text("What stops working?", "業務やサービスがどこまで遅延・停止するか。"), stops),
	}
}

// impactHelp says what high, low and none mean for one kind of impact.
type impactHelp [3]lang.Text

var (
	leaks = impactHelp{
		text("Everything, or what does serious harm, such as passwords or others' messages.", "すべての情報、またはパスワードや他人のメッセージなど重大な情報が漏えいする。"),
		text("Something, without choice or without serious harm.", "一部の情報が漏えいするが、内容を選べないか、影響は限定的。"),
		text("Nothing.", "漏えいしない。"),
	}
	tampers = impactHelp{
		text("Everything, or what does serious harm.", "すべての情報、または重大な影響のある情報が改ざんされる。"),
		text("Something, without choice or without serious harm.", "一部の情報が改ざんされるが、内容を選べないか、影響は限定的。"),
		text("Nothing.", "改ざんされない。"),
	}
	stops = impactHelp{
		text("It stops altogether, or something essential does.", "完全に停止する、または重要な機能が使えなくなる。"),
		text("It slows down or fails at times.", "遅くなる、または断続的に使えなくなる。"),
		text("Nothing.", "影響はない。"),
	}
)

func impact(code string, name, help lang.Text, h impactHelp) Metric {
	return Metric{code, Base, name, help, []Value{
		answer("H", text("High", "高"), h[0]),
		answer("L", text("Low", "低"), h[1]),
		answer("N", text("None", "なし"), h[2]),
	}}
}

func base40() []Metric {
	return []Metric{
		attackVector(),
		attackComplexity(
			text("No protection has to be evaded.", "回避すべき防御機構がない。"),
			text("A protection has to be evaded, such as address randomisation, or a secret obtained first.", "アドレス空間のランダム化などの防御機構の回避や、秘密情報の入手が必要。")),
		{"AT", Base, text("Attack Requirements", "攻撃の実行条件"),
			text("Must the vulnerable system be in a certain state?", "脆弱なシステムが特定の状態や構成である必要があるか。"),
			[]Value{
				answer("N", text("None", "なし"), text("No: it works against every installation, every time.", "条件はなく、どの環境でもいつでも攻撃できる。")),
				answer("P", text("Present", "あり"), text("Yes: a race to win, or a configuration that not all have.", "競合の成立や特定の設定など、条件が必要。")),
			}},
		privilegesRequired(),
		{"UI", Base, text("User Interaction", "ユーザ関与レベル"),
			text("Must somebody else do something?", "攻撃者以外の利用者の操作が必要か。"),
			[]Value{
				answer("N", text("None", "不要"), text("Nobody has to do anything.", "誰の操作もいらない。")),
				answer("P", text("Passive", "受動的"), text("A victim has to do what they do anyway, such as viewing a page.", "ページの閲覧など、被害者の通常の操作があればよい。")),
				answer("A", text("Active", "能動的"), text("A victim has to do something particular, such as dismissing a warning or importing a file.", "警告の無視やファイルの取り込みなど、被害者の特定の操作が必要。")),
			}},
		impact("VC", text("Confidentiality Impact to the Vulnerable System", "脆弱なシステムの機密性への影響"),
			text("What can be read on the vulnerable system?", "脆弱なシステムの情報がどこまで漏えいするか。"), leaks),
		impact("VI", text("Integrity Impact to the Vulnerable System", "脆弱なシステムの完全性への影響"),
			text("What can be changed on the vulnerable system?", "脆弱なシステムの情報がどこまで改ざんされるか。"), tampers),
		impact("VA", text("Availability Impact to the Vulnerable System", "脆弱なシステムの可用性への影響"),
			text("What stops working on the vulnerable system?", "脆弱なシステムがどこまで遅延・停止するか。"), stops),
		impact("SC", text("Confidentiality Impact to Subsequent Systems", "後続システムの機密性への影響"),
			text("What can be read elsewhere, such as in a visitor's browser?", "閲覧者のブラウザなど、ほかのシステムの情報がどこまで漏えいするか。"), leaks),
		impact("SI", text("Integrity Impact to Subsequent Systems", "後続システムの完全性への影響"),
			text("What can be changed elsewhere?", "ほかのシステムの情報がどこまで改ざんされるか。"), tampers),
		impact("SA", text("Availability Impact to Subsequent Systems", "後続システムの可用性への影響"),
			text("What stops working elsewhere?", "ほかのシステムがどこまで遅延・停止するか。"), stops),
	}
}
