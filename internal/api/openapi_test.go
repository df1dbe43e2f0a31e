package api

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

// validator is the npm package that judges the description.
const validator = "@seriousme/openapi-schema-validator@2.11.0"

func TestTheDescriptionIsValid(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	r := caller{h: h}.do("GET", "/openapi.json", nil)
	if r.status != 200 || r.header.Get("Content-Type") != "application/openapi+json" {
		t.Fatalf("%d %v", r.status, r.header)
	}
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed, so the description is not judged by %s", program, validator)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "openapi.json")
	h.must(os.WriteFile(file, r.body, 0o600))
	limited, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	install := exec.CommandContext(limited, "npm", "install", "--no-save", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, validator)
	if out, err := install.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("installing %s: %v\n%s", validator, err, out)
		}
		t.Skipf("%s cannot be had here: %v\n%s", validator, err, out)
	}
	script := `import {Validator} from "@seriousme/openapi-schema-validator";
const v = new Validator();
const r = await v.validate(process.argv[2]);
if (!r.valid || v.version !== "3.1") { console.error(v.version, JSON.stringify(r.errors, null, 1)); process.exit(1) }`
	h.must(os.WriteFile(filepath.Join(dir, "judge.mjs"), []byte(script), 0o600))
	judge := exec.CommandContext(limited, "node", filepath.Join(dir, "judge.mjs"), file)
	if out, err := judge.CombinedOutput(); err != nil {
		t.Errorf("the description is not valid: %v\n%s", err, out)
	}
}

// A described operation is one as the description has it.
type described struct {
	ID          string `json:"operationId"`
	Summary     string
	Security    []map[string][]string
	Scope       [][]string                                  `json:"x-scope"`
	Responses   map[string]struct{ Content map[string]any } `json:"responses"`
	RequestBody *struct{ Content map[string]any }
}

func TestTheDescriptionSaysWhatTheTableSays(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]described
	}
	h.must(json.Unmarshal(caller{h: h}.do("GET", "/openapi.json", nil).body, &doc))
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("it is OpenAPI %s", doc.OpenAPI)
	}
	known, seen := access.Actions(), map[string]bool{}
	for _, op := range h.operations() {
		method, path, _ := strings.Cut(op.route, " ")
		d, ok := doc.Paths[prefix+path][strings.ToLower(method)]
		if !ok || d.ID != op.id || d.Summary == "" || seen[op.id] {
			t.Errorf("%s is described as %+v", op.route, d)
		}
		seen[op.id] = true
		if len(d.Security) != len(op.needs) || len(d.Scope) != len(op.needs) || d.Security == nil {
			t.Errorf("%s needs %v and says %v, %v", op.id, op.needs, d.Security, d.Scope)
			continue
		}
		for i, all := range op.needs {
			for j, a := range all {
				if d.Security[i]["token"][j] != string(a) || d.Scope[i][j] != string(a) || !slices.Contains(known, a) {
					t.Errorf("%s needs %s and says %v", op.id, a, d.Security)
				}
			}
		}
		for status, r := range d.Responses {
			if status >= "4" && r.Content[problemType] == nil {
				t.Errorf("%s answers %s with %v", op.id, status, r.Content)
			}
		}
		if op.stream && method == "POST" && d.RequestBody == nil {
			t.Errorf("%s does not say what it takes", op.id)
		}
	}
	if n := len(seen); n < 50 {
		t.Errorf("there are %d operations", n)
	}
}
