package web

import (
	"html/template"
	"strings"
	"sync"
)

// mostRendered bounds how many rows are remembered, about a kilobyte each: a desk looks at the top of
// its views all day.
const mostRendered = 8192

// tableRows are rows of a table, rendered.
type tableRows = template.HTML

// A renderedRows remembers rows of the queue as html/template made them. A row that says the same words
// is the same HTML, and rendering fifty of them takes longer than all the rest of the page. This is, with
// markdown.go, the only file that may use template.HTML: nothing gets in here but what a template,
// escaping as always, has just written.
type renderedRows struct {
	mu   sync.Mutex
	rows map[queueRow]tableRows // cleared when it is full
}

// of returns the rows as one piece of HTML.
func (c *renderedRows) of(t *template.Template, rows []queueRow) (tableRows, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all, one strings.Builder
	for _, row := range rows {
		html, ok := c.rows[row]
		if !ok {
			one.Reset()
			if err := t.ExecuteTemplate(&one, "queuerow", row); err != nil {
				return "", err
			}
			if html = tableRows(one.String()); c.rows == nil || len(c.rows) >= mostRendered {
				c.rows = make(map[queueRow]tableRows)
			}
			c.rows[row] = html
		}
		all.WriteString(string(html))
	}
	return tableRows(all.String()), nil
}
