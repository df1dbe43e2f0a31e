package web

import (
	"net/http"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/access"
)

// A route is one row of the table: a pattern of net/http's ServeMux, what answers it, and who
// may come.
type route struct {
	pattern string
	handle  func(w http.ResponseWriter, r *http.Request) error
	need    need

	// again is the page that shows a POST's form once more when its input is at fault; {names}
	// stand for the pattern's. Empty means the page at the same path.
	again string
	// body is how many bytes a request may carry. Zero means maxForm.
	body int64
	// stream says that the handler reads the body or writes the answer piece by piece: the form
	// is not parsed before it, and it may take as long as it needs.
	stream bool
}

// A need says who may come to a route. What they may do there is the operation's own check.
type need struct {
	machine  bool            // asked by programs: no session is looked up
	signedIn bool            // any person with a session
	actions  []access.Action // who may do one of these
}

var (
	machine  = need{machine: true}
	anybody  = need{}
	signedIn = need{signedIn: true}
)

// may admits who may do one of these actions.
func may(actions ...access.Action) need { return need{actions: actions} }

// admits reports whether the caller may come.
func (n need) admits(c access.Caller) bool {
	if len(n.actions) > 0 {
		return slices.ContainsFunc(n.actions, func(a access.Action) bool { return access.Allow(c, a) })
	}
	return !n.signedIn || c.Kind != access.Nobody
}

// routes is every address of the application: the frame's own, and those of each area, which stand
// beside the handlers of its first page.
func (s *Server) routes() []route {
	return slices.Concat(s.frameRoutes(), s.publicRoutes(), s.signInRoutes(), s.accountRoutes(), s.peopleRoutes(), s.reporterRoutes(), s.deskRoutes(), s.recordRoutes(),
		s.payRoutes(), s.watchRoutes())
}

func (s *Server) frameRoutes() []route {
	return []route{
		{pattern: "GET /static/{hash}/{file...}", handle: s.getStatic, need: machine},
		{pattern: "GET /favicon.ico", handle: s.getFavicon, need: machine},
		{pattern: "GET /robots.txt", handle: s.getRobots, need: machine},
		{pattern: "GET /.well-known/security.txt", handle: s.getSecurityTxt, need: machine},
		{pattern: "GET /healthz", handle: s.getHealthz, need: machine},
		{pattern: "GET /readyz", handle: s.getReadyz, need: machine},
		{pattern: "GET /metrics", handle: s.getMetrics, need: machine},
	}
}

// demoRoutes is what a demonstration shows besides.
func (s *Server) demoRoutes() []route {
	return []route{
		{pattern: "GET /style", handle: s.getStyle, need: anybody},
		{pattern: "GET /style/{view}", handle: s.getStyle, need: anybody},
		{pattern: "POST /style/form", handle: s.postStyle, need: anybody},
		{pattern: "POST /style/draft", handle: s.postStyleDraft, need: anybody},
		{pattern: "GET /style/live", handle: s.getStyleLive, need: anybody, stream: true},
	}
}

// everythingElse is the pattern of the 404 page.
const everythingElse = "/"

// table is the routes of this very server.
func (s *Server) table() []route {
	all := s.routes()
	if s.Demo {
		all = append(all, slices.Concat(s.demoRoutes(), s.demoPeopleRoutes())...)
	}
	all = slices.DeleteFunc(all, func(rt route) bool { // a test's row takes the place of ours
		return slices.ContainsFunc(s.extra, func(x route) bool { return x.pattern == rt.pattern })
	})
	all = append(all, s.extra...)
	return append(all, route{pattern: everythingElse, handle: s.notFound, need: anybody})
}

// Bounds of every request that its row does not widen.
const (
	maxForm  = 2 << 20          // the longest report, twice over, percent-encoded
	patience = 30 * time.Second // for a handler to answer
	slowest  = 16 << 10         // bytes a second: who sends or takes less is cut off
	longest  = 4 * time.Hour    // for 200 MB at the slowest rate
)
