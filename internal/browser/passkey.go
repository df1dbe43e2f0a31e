package browser

import (
	"context"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// A Passkey is the authenticator built into a person's device. It answers every question at
// once, as somebody does who looks at the camera.
type Passkey struct {
	p  *Page
	id webauthn.AuthenticatorID
}

// Passkey gives the person a device that keeps passkeys and knows its owner.
func (p *Page) Passkey() *Passkey {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	if _, err := chromedp.Call(ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		p.t.Fatalf("making an authenticator: %v", err)
	}
	r, err := chromedp.Call(ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Transport:                   webauthn.AuthenticatorTransportInternal,
			HasResidentKey:              true,
			HasUserVerification:         true,
			IsUserVerified:              true,
			AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		p.t.Fatalf("making an authenticator: %v", err)
	}
	return &Passkey{p: p, id: r.AuthenticatorID}
}

// Verify sets whether the device recognises its owner from now on.
func (k *Passkey) Verify(ok bool) {
	k.p.t.Helper()
	if err := set(k.p, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.id, IsUserVerified: ok}); err != nil {
		k.p.t.Fatalf("setting the user verification: %v", err)
	}
}

// Count returns how many passkeys the device keeps.
func (k *Passkey) Count() int {
	k.p.t.Helper()
	r, err := chromedp.Call(k.p.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.id})
	if err != nil {
		k.p.t.Fatalf("counting the passkeys: %v", err)
	}
	return len(r.Credentials)
}

// Remove takes the device away, as losing it does.
func (k *Passkey) Remove() {
	k.p.t.Helper()
	if err := set(k.p, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: k.id}); err != nil {
		k.p.t.Fatalf("removing the authenticator: %v", err)
	}
}
