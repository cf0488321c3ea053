# The project's commands. Each is a script in tools/, which installs what is missing first.
.DEFAULT_GOAL := help
.PHONY: help run test build dev bench setup check fmt sqlx-prepare

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s%s\n", $$1, $$2}' Makefile

run: ## installs what is missing, builds, serves on http://127.0.0.1:3000
	@tools/run.sh

test: ## installs what is missing, runs every check
	@tools/test.sh

build: ## leaves dist/quadrille and dist/site, which run from any folder
	@tools/build.sh

dev: ## serves, and builds and starts anew on every change
	@tools/dev.sh

bench: ## the benchmarks, as ratios measured side by side in one run
	@tools/bench.sh

setup: ## only installs what is missing for all of these
	@tools/setup.sh test

check: ## compiles both halves without building them
	@tools/check.sh

fmt: ## formats the Rust code
	@tools/cargo.sh fmt --all

sqlx-prepare: ## checks the SQL against the migrations and writes server/.sqlx anew
	@tools/sqlx-prepare.sh
