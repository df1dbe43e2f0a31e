# Everything here can be had without make: the recipes are one line each.

.PHONY: help demo test check race lint bench screens build

help:
	@echo "make demo     a desk in the middle of its year, on http://127.0.0.1:8080"
	@echo "make test     every test, on both databases and in a browser"
	@echo "make check    what CI runs: the tests, vet, the linter, the race detector, builds"
	@echo "make bench    how fast it is, on this machine"
	@echo "make screens  a picture of every page, in out/screens"
	@echo "make build    the binary, in out/hinomi"

demo:
	go run ./cmd/hinomi demo

test:
	@script/test

check:
	@bash .ci/run

race:
	@script/race

lint:
	@script/lint

bench:
	@script/bench

screens:
	@script/screens

build:
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o out/hinomi ./cmd/hinomi
