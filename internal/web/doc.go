// Package web is the pages for people: the only package that knows HTML.
//
// # To add a page
//
// 1. The struct, in terms.go. It embeds Frame, so a template may say {{.T …}}, and holds what the
// page shows, decided here and not in the template. No field is named like a method of Frame.
//
//	type termsPage struct {
//		Frame
//		Terms *program.Terms
//	}
//
// 2. The handler beside it: parse, call one operation, show or redirect. It returns its error; the
// adapter makes the status and the page of it (a fault's sentence, or a reference number).
//
//	func (s *Server) getTerms(w http.ResponseWriter, r *http.Request) error {
//		t, err := s.Program.Terms(r.PathValue("id"))
//		if err != nil {
//			return err
//		}
//		return s.show(w, r, "terms.html", termsPage{s.frame(r, "Terms of %s", "%s版規約", t.ID), t})
//	}
//
// 3. The template page/terms.html, {{define "main"}}…{{end}}: every word as {{.T "Due" "期限"}}, or
// {{$.T …}} where the dot has moved; lang.Text by {{$.In .Summary}}; values by the parts in
// page/part: {{template "time" ($.Time .At)}}, "due", "hash", "stations"; strangers' text by
// {{markdown .Text}} or, on one line, {{plain .Title}}; questions by {{template "input" (.Field …)}}.
// Classes are in static/app.css; /style in a demonstration shows them all.
//
// 4. A row in pages (pages.go), a row in routes (routes.go) with who may come, and a row in places
// (frame.go) if it belongs in the bar or the left column. Tests walk all three tables.
//
// 5. A test with the site of harness_test.go: st.get and st.post, then has and lacks. Tests of all
// pages check the struct, both languages, the field names and the classes of every template.
//
// # To change something
//
// A POST changes it and ends with seeOther, after s.flash if there is something to say. When it
// returns an Invalid or Conflict fault, the page of the form (the route's again, or the GET of the
// same path) is shown once more with what was typed, which {{.Field}} and .Form.Or do by
// themselves, and with the complaint at the field named by fault.At. GET never changes anything.
//
// # To keep what was typed
//
// <form id="report" data-keep …> and Frame.Keep = "report": the language buttons of the bar belong
// to the form and post it to the page's own path with ?keep&lang=ja. The frame turns that into the
// GET of the page with the typed values in .Form. A button of the form does the same with
// formaction="/path?keep", to work something out on the way. Files are the exception: upload them
// by a form of their own. The sign-in pages repeat {{template "kept" .}} in each form and end with
// s.onward; then a form that met a lost session is sent after all. See kept.go.
//
// # What the script adds
//
// data-swap="#a,#b" on a form, button or link takes only these nodes out of the next page.
// data-live="/path" on a node with an id takes it anew when the stream of s.live says so.
// data-autosave="/path" saves a form while it is typed and shows that in its .saved; answer with
// writeJSON and the new version, and add {{if .Form.Typed}}data-typed{{end}} to the form.
// data-upload on a form with an <ul class="files"> sends files with their progress; data-press="#id"
// presses a button when a choice changes; data-confirm="Really?" makes a button ask first;
// data-keys on a list and data-row on its rows give it j k enter x; data-go="q" is reached by g q;
// data-copy copies; data-at="12:5" selects a place in a text field; data-passkey and data-begin sign in or register. All of it works
// without script, if slower.
package web
