# The one door to the kit: `make help` lists what there is behind it.
#
# Each folder has a fragment of its own (lessons/lessons.mk, bench/bench.mk,
# slides/slides.mk); this file holds what they share: where things are built,
# with which flags, and the targets that touch everything. Lessons are found,
# not listed: a folder lessons/NN-name with a C file that has a main is enough.

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := bash

CC ?= cc
ifeq ($(origin CC),default)
CC := cc
endif

# A variant (another compiler, a sanitizer) is built in a folder of its own, so
# that build/ is always the plain release that benchmarks use.
comma := ,
variant := $(filter-out cc gcc,$(notdir $(CC)))$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))$(if $(CONTEXT),-$(CONTEXT))
B := $(if $(strip $(variant)),build/variant/$(patsubst -%,%,$(strip $(variant))),build)
export KIT_BUILD := $(B)

CPPFLAGS += -I. -D_GNU_SOURCE -MMD -MP
CFLAGS ?= -O2 -g
warnings := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes $(if $(STRICT),-Werror)
compile = $(CC) -std=gnu17 $(CPPFLAGS) $(CFLAGS) $(warnings) -pthread \
	-fstack-clash-protection \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all)
link = $(compile) $(LDFLAGS)
# BRIEF=1: errors alone.
say = $(if $(BRIEF),,@printf '  %-4s %s\n' $(1) $(2))

# `has` is y if a library is installed; what needs it is left out otherwise.
hash := \#
has = $(shell echo '$(hash)include <$(1)>' | $(CC) -E $(2) - >/dev/null 2>&1 && echo y)
has_cmocka := $(call has,cmocka.h,-include stdarg.h -include setjmp.h \
	-include stddef.h -include stdint.h)
has_liburing := $(call has,liburing.h)

# Whose processor it is built for: switches of coroutines and what reads
# registers are written for each.
cpu := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))

.PHONY: all
all: programs
	@$(if $(has_cmocka),,echo "tests are left out: cmocka is not installed (make deps SET=test)";) \
	echo "built in $(B)"; \
	echo "next:   make run LESSON=01   (then, in another terminal: curl http://127.0.0.1:8000/)"

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	@$(compile) -c -o $@ $<

$(B)/%.o: %.S Makefile
	@mkdir -p $(@D)
	$(call say,AS,$<)
	@$(compile) -c -o $@ $<

include lessons/lessons.mk
include loop/loop.mk
include bench/bench.mk
include exercises/exercises.mk
include slides/slides.mk

.PHONY: programs
programs: $(programs) $(if $(has_cmocka),$(tests))

# --- setting up --------------------------------------------------------------

SET ?= all
.PHONY: deps
deps: ## install Debian packages that are missing: SET=course|grade|test|peers|all
	@.ci/deps $(SET)

# --- the main job ------------------------------------------------------------

.PHONY: course
course: ## the main job: build, measure every lesson, plot, report (5 min; QUICK=1: 90 s)
	@.ci/deps course
	@$(MAKE) --no-print-directory -j2 programs
	@$(MAKE) --no-print-directory measure
	@$(if $(QUICK),,$(MAKE) --no-print-directory claims-quietly)
	@$(MAKE) --no-print-directory report

# --- tests -------------------------------------------------------------------

.PHONY: test test-programs test-matrix
test: ## build and run all tests (STRICT=1: a missing package fails)
	@.ci/deps test || test -z "$(STRICT)"
	@$(MAKE) --no-print-directory -j2 programs
	@$(MAKE) --no-print-directory test-built

# A make of its own: what `deps` has installed makes more tests. The scripts
# come first: what is short fits into what is left.
.PHONY: test-built
test-built:
	@.ci/run-tests $(if $(filter build,$(B)),$(test_scripts)) $(tests)

# The scripts (pages, decks, valgrind) say nothing of a variant.
test-programs: programs
	@.ci/run-tests $(tests)

test-matrix: ## the long run: every compiler and sanitizer
	@for variant in CC=gcc CC=clang SANITIZE=address,undefined SANITIZE=thread \
		"CC=clang SANITIZE=address,undefined"; do \
		echo "== $$variant"; \
		$(MAKE) --no-print-directory -j2 $$variant programs && \
		$(MAKE) --no-print-directory $$variant test-programs || exit 1; \
	done

.PHONY: valgrind
valgrind: programs ## run every lesson's server under valgrind
	@.ci/valgrind

# --- looking after the code --------------------------------------------------

sources = $(filter-out exercises/sample-class/%,$(shell git ls-files '*.c' '*.h' 2>/dev/null || find lessons loop bench exercises -name '*.[ch]'))
# Programs that have their faults on purpose, and patterns, whose names are not
# filled in yet: only their layout is looked at.
faulty = $(filter solutions/hostile/% exercises/test/hangs/% exercises/test/traced/% exercises/pattern/% exercises/02-partial/skeleton/% \
	$(foreach source,$(sources),$(if $(findstring /wrong/,$(source))$(findstring /given/,$(source)),$(source))),$(sources))

.PHONY: lint format compdb listings
lint: ## clang-format, clang-tidy, cppcheck, shellcheck, function lengths
	@$(if $(faulty),clang-format --dry-run -Werror $(faulty))
	@.ci/lint $(filter-out $(faulty),$(sources))

format: ## lay out all C files as .clang-format says
	clang-format -i $(sources)

compdb: ## write compile_commands.json, for editors
	@$(MAKE) --no-print-directory -Bnk programs | .ci/compdb > compile_commands.json
	@echo "compile_commands.json: $$(grep -c '"file"' compile_commands.json) files"

listings: ## put the code's present text into the listings of pages and slides
	@.ci/listings $(wildcard lessons/*/README.md slides/*.md)

.PHONY: clean help
clean: ## remove build/
	rm -rf build

help: ## list the targets
	@echo "usage: make [TARGET] [NAME=VALUE...]"; echo
	@echo "  make                 build everything; then try: make run LESSON=01"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo; echo "  CC=clang, SANITIZE=address,undefined: build and test a variant in build/variant/"

-include $(shell find $(B) -path build/variant -prune -o -name '*.d' -print 2>/dev/null)
