package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// demoOn runs the demo on a directory until the test has looked, and returns what it printed.
func demoOn(t *testing.T, dir string, look func(origin string)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, msg bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"demo", "--data", dir, "--addr", addr}, Streams{In: &bytes.Buffer{}, Out: &out, Err: &msg})
	}()
	await(t, "http://"+addr+"/healthz", ended, &msg)
	look("http://" + addr)
	stop()
	if code := <-ended; code != 0 {
		t.Fatalf("exit code %d: %s", code, &msg)
	}
	return out.String()
}

// await waits until the address answers.
func await(t *testing.T, url string, ended chan int, msg *bytes.Buffer) {
	t.Helper()
	for range 1200 {
		resp, err := http.Get(url)
		if err == nil {
			if err := resp.Body.Close(); err != nil {
				t.Fatal(err)
			}
			return
		}
		select {
		case code := <-ended:
			t.Fatalf("it ended with exit code %d: %s", code, msg)
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("after two minutes nothing answers")
}

func get(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %d (%v)", url, resp.StatusCode, err)
	}
	return string(b)
}

func TestDemoIsFilledAndGoesOn(t *testing.T) {
	dir := t.TempDir()
	first := demoOn(t, dir, func(origin string) {
		page := get(t, origin+"/demo")
		for _, name := range []string{"佐藤 みなと", "Aiko Brandt", "reporter1015"} {
			if !strings.Contains(page, name) {
				t.Errorf("nobody can be %s", name)
			}
		}
	})
	for _, want := range []string{"Friday, 16 October 2020, 09:30", "/demo", "triager@demo.hinomi.example", "reporter@demo.hinomi.example"} {
		if !strings.Contains(first, want) {
			t.Errorf("it does not print %q:\n%s", want, first)
		}
	}
	again := demoOn(t, dir, func(origin string) { get(t, origin+"/demo") })
	// All but the first line, which has the time and the port, is what it was: the same people.
	_, was, _ := strings.Cut(first, "\n")
	if _, now, _ := strings.Cut(again, "\n"); now != was {
		t.Errorf("the second start prints\n%s\nafter\n%s", now, was)
	}
	// Whoever read the page of the demo would be an administrator of the desk.
	var msg bytes.Buffer
	code := run(t.Context(), []string{"serve", "--data", dir, "--addr", "127.0.0.1:0"}, Streams{In: &bytes.Buffer{}, Out: &bytes.Buffer{}, Err: &msg})
	if code == 0 || !strings.Contains(msg.String(), "holds a demo") {
		t.Errorf("a demo is served as a desk: %d\n%s", code, msg.String())
	}
}
