package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"time"
)

// pages names every page's template with the struct it is shown with. A test checks the one
// against the other, and show refuses any other struct.
var pages = map[string]any{
	"program.html":   programPage{},
	"versions.html":  versionsPage{},
	"terms.html":     termsPage{},
	"termsdiff.html": diffPage{},
	"fame.html":      famePage{},
	"log.html":       logPage{},
	"logverify.html": logVerifyPage{},

	"queue.html": queuePage{},
	"case.html":  casePage{},

	"deskpayments.html": payDeskPage{},
	"payment.html":      paymentPage{},
	"rates.html":        ratesPage{},
	"lists.html":        listsPage{},
	"runs.html":         runsPage{},
	"run.html":          runPage{},
	"ledger.html":       ledgerPage{},

	"known.html":  knownPage{},
	"awards.html": awardsPage{},
	"mail.html":   mailPage{},
	"audit.html":  auditPage{},

	"alerts.html": alertsPage{},
	"alert.html":  alertPage{},
	"rules.html":  rulesPage{},
	"rule.html":   rulePage{},
	"stream.html": streamPage{},

	"signin.html":        signInPage{},
	"signinhelp.html":    helpPage{},
	"signup.html":        signUpPage{},
	"mailsent.html":      mailSentPage{},
	"link.html":          linkPage{},
	"linkpassword.html":  linkPage{},
	"linkmail.html":      linkPage{},
	"account.html":       accountPage{},
	"prove.html":         provePage{},
	"access.html":        accessPage{},
	"newpasskey.html":    newPasskeyPage{},
	"password.html":      passwordPage{},
	"app.html":           appPage{},
	"codes.html":         codesPage{},
	"tokens.html":        tokensPage{},
	"participation.html": participationPage{},
	"credit.html":        creditPage{},
	"payments.html":      paymentsPage{},
	"leave.html":         leavePage{},
	"left.html":          leftPage{},
	"people.html":        peoplePage{},
	"person.html":        personPage{},
	"deskcredit.html":    deskCreditPage{},
	"demo.html":          demoPage{},

	"new.html":     newPage{},
	"draft.html":   draftPage{},
	"reports.html": reportsPage{},
	"report.html":  reportPage{},

	"kept.html":           keptPage{},
	"problem.html":        problemPage{},
	"style.html":          stylePage{},
	"style-form.html":     stylePage{},
	"style-queue.html":    stylePage{},
	"style-report.html":   stylePage{},
	"style-reporter.html": stylePage{},
}

//go:embed page
var pageFiles embed.FS

// A pageSet is the parsed templates, by file name.
type pageSet map[string]*template.Template

// functions is what templates may call besides the methods of Frame.
var functions = template.FuncMap{
	"markdown": Markdown,
	"plain":    Plain,

	"confirmingFor": confirmingFor,
	"deciding":      deciding,

	"runLine": runLine,

	"quote":  quoted,
	"totp":   totpOf,
	"wished": wishOf,
}

// loadPages parses every page with the layout and the shared parts.
func loadPages() pageSet {
	base := template.Must(template.New("").Funcs(functions).ParseFS(pageFiles, "page/layout.html", "page/part/*.html"))
	set := make(pageSet, len(pages))
	for name := range pages {
		set[name] = template.Must(template.Must(base.Clone()).ParseFS(pageFiles, "page/"+name))
	}
	return set
}

// show renders a page, whole, before the first byte of it is sent.
func (s *Server) show(w http.ResponseWriter, r *http.Request, name string, page any) error {
	if want := reflect.TypeOf(pages[name]); reflect.TypeOf(page) != want {
		return fmt.Errorf("showing %s: it takes a %v, not a %T", name, want, page)
	}
	var b bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&b, "layout.html", page); err != nil {
		return fmt.Errorf("showing %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(language(r)))
	if s.said(r) != "" {
		s.setCookie(w, s.flashCookie(), "", -time.Second)
	}
	w.WriteHeader(visitOf(r).status)
	_, err := b.WriteTo(w)
	return err
}
