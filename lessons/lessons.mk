# Lessons: every C file with a main is a program; the other C files of its
# folder are its parts. test.c is the lesson's test.

# Lesson 06 rests on liburing; without it, that lesson is left out.
lesson_sources := $(filter-out $(if $(has_liburing),,lessons/06-uring/%), \
	$(wildcard lessons/[0-9]*/*.c))
lesson_mains := $(shell grep -l '^int main\b' $(lesson_sources))
lesson_programs := $(patsubst %.c,$(B)/%,$(filter-out %/test.c,$(lesson_mains)))
lesson_tests := $(patsubst %.c,$(B)/%,$(filter %/test.c,$(lesson_mains)))
lesson_parts := $(filter-out $(lesson_mains),$(lesson_sources))
common := $(B)/lessons/common/common.o
test_support := $(patsubst %.c,$(B)/%.o,$(wildcard lessons/common/test/*.c)) \
	$(B)/bench/proc.o

programs += $(lesson_programs)
tests += $(lesson_tests) $(B)/lessons/common/test_hello
test_scripts += lessons/test_readmes.sh .ci/valgrind

# Lesson 08 rests on the loop of lesson 07; and its switch is written for each
# kind of processor by itself.
lesson_08 := $(B)/lessons/08-coroutines
$(lesson_08)/parts.a: $(lesson_08)/minico_$(cpu).o \
	$(addprefix $(B)/lessons/07-callbacks/,miniloop.o site.o)
$(lesson_08)/test: $(lesson_08)/parts.a
ifeq ($(wildcard lessons/08-coroutines/minico_$(cpu).S),)
$(lesson_08)/minico_$(cpu).o:
	@echo "lesson 08 has a switch for x86-64 and aarch64, none for $(cpu)"; \
	exit 2
endif

# An archive: each program takes what it uses of its lesson's parts.
.SECONDEXPANSION:
parts_of = $(patsubst %.c,$(B)/%.o,$(filter $(patsubst $(B)/%,%,$(1))/%,$(lesson_parts)))
$(B)/lessons/%/parts.a: $$(call parts_of,$$(@D))
	@rm -f $@
	@ar rcs $@ $^

$(lesson_programs): %: %.o $(common) $$(if $$(call parts_of,$$(@D)),$$(@D)/parts.a)
	$(call say,LINK,$@)
	@$(link) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(libraries)

$(filter $(B)/lessons/06-uring/%,$(lesson_programs)): libraries := -luring
ifeq ($(has_liburing),)
.PHONY: without_liburing
programs: without_liburing
without_liburing:
	@echo "lesson 06 is left out: liburing is not installed (make deps SET=course)"
$(B)/lessons/06-uring/%:
	@echo "lesson 06 needs liburing, which is not installed"; \
	echo "  try:     make deps SET=course"; exit 2
endif

# The second half of lesson 08 stands on the library, see loop/loop.mk; hence
# the $$, which waits until that is read.
on_loop_sources := $(wildcard lessons/08-coroutines/recipes/*.c lessons/08-coroutines/gallery/*.c)
on_loop_mains := $(shell grep -ls '^int main\b' $(on_loop_sources))
on_loop_parts := $(patsubst %.c,$(B)/%.o,$(filter-out $(on_loop_mains),$(on_loop_sources)))
on_loop := $(on_loop_mains:%.c=$(B)/%)
on_loop_parts_of = $(filter $(1)/%,$(on_loop_parts))
programs += $(on_loop)
$(on_loop): %: %.o $$(call on_loop_parts_of,$$(@D)) $(common) $$(libloop)
	$(call say,LINK,$@)
	@$(link) -rdynamic -o $@ $^ $(loop_libs)

# Its monkey.so goes before the C library; it brings the loop with it. The
# programs beside it know nothing of that.
monkey := $(lesson_08)/monkey
loop_pic = $(loop_objects:.o=.pic.o)
monkey_programs := $(monkey)/fetch $(monkey)/naps
programs += $(monkey_programs) $(monkey)/monkey.so
$(monkey_programs): %: %.o $(common)
	$(call say,LINK,$@)
	@$(link) -o $@ $^
$(monkey)/monkey.so: $(addprefix $(monkey)/,monkey.pic.o patch_io.pic.o patch_threads.pic.o) \
		$$(loop_pic)
	$(call say,LINK,$@)
	@$(link) -shared -Wl,-Bsymbolic -o $@ $^ $(loop_libs)

# The tests start other lessons' servers with it.
$(lesson_08)/test: | $(patsubst %,$(B)/lessons/%/server,01-blocking 04-poll 05-epoll)

# A lesson's claims start servers and count their cost.
$(filter %/claims,$(lesson_programs)): $(B)/lessons/common/claim.o $(B)/bench/proc.o
$(lesson_08)/claims: $$(libloop)
$(lesson_08)/claims: libraries = $(loop_libs)

$(lesson_tests) $(B)/lessons/common/test_hello: %: %.o $(common) $(test_support)
	$(call say,LINK,$@)
	@$(link) -o $@ $^ -lcmocka

# LESSON=05 names the folder lessons/05-*.
lesson_dir = $(or $(wildcard lessons/$(LESSON)-*),$(error LESSON=$(LESSON) \
	is no lesson; there are: $(notdir $(wildcard lessons/[0-9]*))))

.PHONY: run diff trace claims claims-quietly
run: ## run a lesson's server: LESSON=05 ARGS="--port 8080"
	@$(if $(LESSON),,$(error say which lesson: make run LESSON=01))
	@$(MAKE) --no-print-directory -s $(B)/$(lesson_dir)/server
	@exec $(B)/$(lesson_dir)/server $(ARGS)

# FUZZ_SECONDS=600 for a longer search.
.PHONY: fuzz fuzz-hello
fuzz: fuzz-hello fuzz-option ## let libFuzzer search for bytes that break what parses them (clang; 60 s each)
fuzz-hello:
	@mkdir -p build/fuzz/hello
	clang -std=gnu17 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer,address,undefined \
		-o build/fuzz/fuzz_hello lessons/common/fuzz_hello.c \
		lessons/common/test/feed.c lessons/common/common.c
	build/fuzz/fuzz_hello -max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=20000 \
		-print_final_stats=1 build/fuzz/hello

.PHONY: test-lesson
test-lesson: ## run one lesson's tests, for those who change its programs: LESSON=05
	@$(if $(LESSON),,$(error say which lesson: make test-lesson LESSON=05))
	@$(MAKE) --no-print-directory -s $(B)/bench/slowd $(B)/bench/load $(B)/bench/calls \
		$(filter $(B)/$(lesson_dir)/%,$(programs)) $(B)/$(lesson_dir)/test
	@lessons/test_one.sh $(B)/$(lesson_dir)/test

# The folder before: 04-poll for LESSON=05.
lesson_before = $(lastword $(filter-out $(lesson_dir),$(shell ls -d lessons/[0-9]* | sed '\,^$(lesson_dir)$$,q')))
diff: ## what a lesson's program changes of the one before: LESSON=05 FILE=server.c
	@$(if $(LESSON),,$(error say which lesson: make diff LESSON=05))
	@$(if $(lesson_before),,echo "diff: there is no lesson before $(lesson_dir)"; exit 2)
	@git --no-pager diff --no-index --stat -p --color=auto --patience \
		$(lesson_before)/$(or $(FILE),server.c) $(lesson_dir)/$(or $(FILE),server.c) || true

trace: ## write a lesson's system calls of one request into its trace.md: LESSON=05
	@$(if $(LESSON),,$(error say which lesson: make trace LESSON=05))
	@$(MAKE) --no-print-directory -s $(B)/$(lesson_dir)/server
	@lessons/trace.sh $(lesson_dir)

# --- claims: experiments that print what they measured, and whether it holds.
# Of a file of results, the rows of lessons that are not run again stay.

claim_programs = $(filter $(if $(LESSON),$(B)/$(lesson_dir)/claims,%/claims),$(lesson_programs))
claim_tsv = $(B)/bench/claim.tsv
claim_begin = set -e; mkdir -p $(B)/bench; part=$(claim_tsv).part; \
	{ echo '\# course-kit results 1'; \
	printf 'bench\tserver\tvariant\tx\tmetric\tvalue\tunit\tround\n'; } > $$part; \
	$(if $(LESSON),grep -s '^claim' $(claim_tsv) \
	| grep -v '	$(notdir $(lesson_dir))	' >> $$part || true;)
claim_end = mv $$part $(claim_tsv); echo "results: $(claim_tsv)"

claims: programs ## run the experiments that check the course's claims (LESSON=03 for one lesson's)
	@$(claim_begin) for program in $(claim_programs); do \
	$$program --tsv $$part; echo; done; $(claim_end)

claims-quietly: programs
	@$(claim_begin) total=0; ran=0; \
	for program in $(claim_programs); do \
	total=$$((total + $$($$program --list | wc -l))); done; \
	for program in $(claim_programs); do \
	$$program --quiet $$ran/$$total --tsv $$part; \
	ran=$$((ran + $$($$program --list | wc -l))); done; $(claim_end)
