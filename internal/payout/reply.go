package payout

import (
	"context"
	"strconv"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/payout/bankreply"
)

// SettleFile takes the bank's reply to a run as a file: what came back with its reason, and what was
// paid. A reply that leaves a payment open, or belongs to another run, changes nothing.
func (ps *Payouts) SettleFile(ctx context.Context, who access.Caller, run string, file []byte) error {
	if err := ps.Audit.Allow(ctx, who, access.AwardPay, run); err != nil {
		return err
	}
	reply, err := bankreply.Read(file)
	if err != nil {
		return at(err, "file")
	}
	r, err := findRun(ctx, ps.DB.Read(), run)
	if err != nil {
		return err
	}
	if reply.Run != "" && reply.Run != r.ID {
		return fault.New(fault.Invalid, "This is the reply to run %s. Nothing was taken.", "これは支払処理%sへの回答です。何も登録していません。", reply.Run).At("file")
	}
	items, err := runItems(ctx, ps.DB.Read(), r)
	if err != nil {
		return err
	}
	back, err := returns(reply, items)
	if err != nil {
		return at(err, "file")
	}
	return ps.SettleRun(ctx, who, run, back)
}

// returns finds the awards of a run that a reply says came back. Every award has to be answered for, and
// everything in the reply has to be of the run.
func returns(reply bankreply.Reply, items []RunItem) (map[string]string, error) {
	awards := map[string]string{} // by what the reply may call them
	for place, i := range items {
		awards[i.Award] = i.Award
		awards[strconv.FormatInt(i.Number, 10)+"/"+strconv.Itoa(place+1)] = i.Award
	}
	said, back := map[string]bool{}, map[string]string{}
	for _, one := range reply.Results {
		award, known := awards[one.Key]
		if !known || said[award] {
			return nil, fault.New(fault.Invalid, "The reply names payment %s, which is not in this run or was named before. Nothing was taken.",
				"結果ファイルの支払い%sは、この支払処理にないか、重複しています。何も登録していません。", one.Key)
		}
		said[award] = true
		if one.Returned {
			back[award] = one.Reason
		}
	}
	for _, i := range items {
		switch {
		case said[i.Award], reply.All == bankreply.AllTaken:
		case reply.All == bankreply.AllReturned:
			back[i.Award] = reply.Reason
		default:
			return nil, fault.New(fault.Invalid, "The reply does not say what became of award %s. Nothing was taken.", "結果ファイルに報奨金%sの結果がありません。何も登録していません。", i.Award)
		}
	}
	return back, nil
}
