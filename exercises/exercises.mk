# The grader and the library that checks are written with: check/ and grader/
# hold their parts; what has a main is a program. Student's files are built and
# run by the grader, in a jail (grader/build.c): make does not touch them.

exercise_sources := $(filter-out exercises/check/regs_%,$(wildcard exercises/check/*.c exercises/grader/*.c)) \
	$(wildcard exercises/check/regs_$(cpu).c)
exercise_mains := $(shell grep -ls '^int main\b' $(exercise_sources))
exercise_objects := $(patsubst %.c,$(B)/%.o,$(filter-out $(exercise_mains),$(exercise_sources)))
exercise_programs := $(patsubst %.c,$(B)/%,$(filter-out %/check/main.c,$(exercise_mains)))
exercise_test_mains := $(shell grep -ls '^int main\b' exercises/test/*.c)
exercise_test_support := $(patsubst %.c,$(B)/%.o,$(filter-out $(exercise_test_mains),$(wildcard exercises/test/*.c)))
exercise_tests := $(patsubst %.c,$(B)/%,$(exercise_test_mains))

programs += $(B)/bin/grade $(exercise_programs)
tests += $(exercise_tests)
test_scripts += $(wildcard exercises/test/test_*.sh)

$(B)/exercises/parts.a: $(exercise_objects)
	@mkdir -p $(@D)
	@rm -f $@
	@ar rcs $@ $^

# The warden limits its own address space before it becomes the student's
# program, which a sanitizer does not survive: it is always built plain.
warden := $(B)/exercises/check/warden
$(warden): exercises/check/warden.c exercises/check/crowd.c exercises/check/seccomp.c $(wildcard loop/base/*.c)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	@$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(CFLAGS) $(warnings) -pthread -o $@ $^ -lm

$(filter-out $(warden),$(exercise_programs)): %: %.o $(B)/exercises/parts.a $(B)/loop/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)

$(B)/bin/grade: $(B)/exercises/grader/grade
	@mkdir -p $(@D)
	@ln -sf ../exercises/grader/grade $@

$(exercise_tests): %: %.o $(exercise_test_support) $(B)/exercises/parts.a $(B)/loop/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs) -lcmocka

$(B)/exercises/test/test_jail: | $(B)/exercises/check/warden

# Programs that hang, each for a reason of its own: test_hang explains them.
hanging_programs := $(patsubst %.c,$(B)/%,$(wildcard exercises/test/hangs/*.c))
$(hanging_programs): %: %.o $(B)/loop/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)
$(B)/exercises/test/test_hang: | $(hanging_programs)

# --- the exercises: check programs, and the kit's parts of the students' programs

exercise_names := $(patsubst exercises/%/checks.c,%,$(wildcard exercises/[0-9]*/checks.c))
visible_checks := $(patsubst %,$(B)/exercises/%/checks,$(exercise_names))
hidden_checks := $(patsubst %/hidden.c,$(B)/%/checks,$(wildcard solutions/[0-9]*/hidden.c))
check_library := $(B)/exercises/check/main.o $(B)/exercises/parts.a $(B)/loop/parts.a
programs += $(visible_checks) $(hidden_checks)

$(visible_checks): %: %.o $(check_library)
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)

# The same for exercises that test_class.sh invents.
class_checks := $(patsubst %.c,$(B)/%,$(wildcard exercises/test/class/checks.c))
programs += $(class_checks)
$(class_checks): %: %.o $(check_library)
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)

$(hidden_checks): $(B)/solutions/%/checks: $(B)/exercises/%/checks.o $(B)/solutions/%/hidden.o $(check_library)
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)

# The kit's parts of the students' programs, in the builds of grader/build.c;
# with the compiler called cc, as theirs.
kit := $(B)/exercises/kit
kit_compile = cc -std=gnu17 -D_GNU_SOURCE -g -pthread -fno-omit-frame-pointer -I. \
	-ffile-prefix-map=$(CURDIR)=/kit -MMD -MP
kit_parts_of = $(subst CPU,$(cpu),$(shell sed -n 's/^parts *= *//p' exercises/$(1)/exercise.ini))
kit_parts := $(sort $(subst CPU,$(cpu),$(shell sed -n 's/^parts *= *//p' exercises/[0-9]*/exercise.ini 2>/dev/null)))
kit_headers := $(wildcard $(addsuffix *.h,$(sort $(dir $(kit_parts)))))
kit_files := $(foreach variant,plain sanitized,$(patsubst %,$(kit)/$(variant)/%.o,$(basename $(kit_parts)))) \
	$(kit_headers:%=$(kit)/include/%)
programs += $(kit_files)

$(kit)/include/%.h: %.h
	@mkdir -p $(@D)
	@cp $< $@
$(kit)/plain/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$< "(for exercises)")
	@$(kit_compile) -O2 -c -o $@ $<
# Two rules: of one rule with two such targets make takes one run for both.
$(kit)/plain/%.o: %.S
	@mkdir -p $(@D)
	@$(kit_compile) -c -o $@ $<
$(kit)/sanitized/%.o: %.S
	@mkdir -p $(@D)
	@$(kit_compile) -c -o $@ $<
$(kit)/sanitized/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$< "(for exercises, sanitized)")
	@$(kit_compile) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -c -o $@ $<

# Programs of the kit that some exercises give beside the student's.
given_programs := $(patsubst %.c,$(B)/%,$(wildcard exercises/[0-9]*/given/*.c solutions/[0-9]*/given/*.c))
given_exercise = $(word 2,$(subst /, ,$(1)))
programs += $(given_programs)
$(given_programs): $(B)/%: %.c $$(patsubst $$(percent),$(kit)/plain/$$(percent).o,$$(basename $$(call kit_parts_of,$$(call given_exercise,$$*))))
	@mkdir -p $(@D)
	$(call say,CC,$<)
	@$(kit_compile) -O2 -Wall -Wextra -o $@ $< $(filter %.o,$^)
percent := %

# Lessons' programs that some exercises give; those that cannot be built here are
# left out, as in their lesson.
given_lessons = $(filter $(addprefix $(B)/,$(filter lessons/%,$(shell \
	sed -n 's/^given *= *//p' exercises/[0-9]*/exercise.ini 2>/dev/null))),$(programs))

# What a student's command needs, and no more: make check takes seconds. The
# first time it takes longer, and says so in the place of two hundred lines.
.PHONY: check grader
grader: $(B)/bin/grade $(exercise_programs) $(visible_checks) $(hidden_checks) $(kit_files) $(given_programs) $(given_lessons)
build_grader = +@$(if $(wildcard $(B)/bin/grade),,echo "building the grader, once: half a minute to two";) \
	$(MAKE) --no-print-directory -s $(if $(filter -j%,$(MAKEFLAGS)),,-j2) BRIEF=1 grader

check: ## check your work on an exercise: EXERCISE=05-drain (CHECK=name, SEED=n)
	@$(if $(EXERCISE),,$(error say which exercise: make check EXERCISE=$(firstword $(exercise_names))))
	$(build_grader)
	@$(B)/bin/grade check $(if $(CHECK),--only $(CHECK)) $(if $(SEED),--seed $(SEED)) \
		$(if $(STUDENT),--student "$(STUDENT)") $(EXERCISE)

# One's own program, by hand: built without the grader, and run. The name may be
# cut, as the grader takes it.
try_name = $(or $(firstword $(filter $(EXERCISE)%,$(exercise_names))),$(error \
	EXERCISE=$(EXERCISE) is no exercise; there are: $(exercise_names)))
try_ini = $(shell sed -n 's/^$(1) *= *//p' exercises/$(try_name)/exercise.ini)
try_program = build/exercises/$(try_name)/try/$(call try_ini,program)
.PHONY: try
try: ## run your program of an exercise: EXERCISE=05-drain ARGS="--port 8000"
	@$(if $(EXERCISE),,$(error say which exercise: make try EXERCISE=$(firstword $(exercise_names))))
	@$(if $(call try_ini,program),,$(error $(try_name) has no program to run: see its README.md))
	@$(MAKE) --no-print-directory -s BRIEF=1 $(kit_files)
	@mkdir -p $(dir $(try_program))
	@cd exercises/$(try_name) && cc -std=gnu17 -D_GNU_SOURCE -O2 -g -pthread -Wall -Wextra -I$(CURDIR) \
		-o $(CURDIR)/$(try_program) $(filter %.c,$(call try_ini,files)) \
		$(patsubst %,$(CURDIR)/$(kit)/plain/%.o,$(basename $(call kit_parts_of,$(try_name))))
	@echo "$(try_program) $(ARGS)"
	@exec $(try_program) $(ARGS)

# --- what reads bytes of unknown people: see `make fuzz` in lessons.mk

.PHONY: fuzz-tar
fuzz: fuzz-tar
fuzz-tar:
	@mkdir -p build/fuzz/tar
	clang -std=gnu17 -D_GNU_SOURCE -I. -O1 -g -fsanitize=fuzzer,address,undefined \
		-o build/fuzz/fuzz_tar exercises/fuzz_tar.c exercises/test/tar_feed.c \
		exercises/grader/tar.c $(filter-out loop/base/log%,$(wildcard loop/base/*.c))
	build/fuzz/fuzz_tar -max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=8192 \
		-print_final_stats=1 build/fuzz/tar

# At the student's side: check on each save; all files at once; how far one is.
.PHONY: watch exercises progress
watch: ## check at each save, exercise after exercise: EXERCISE=05-drain begins there
	$(build_grader)
	@$(B)/bin/grade watch $(EXERCISE)

exercises: ## make the files of all exercises, where there are none yet
	$(build_grader)
	@$(B)/bin/grade progress --prepare

progress: ## how far you are with the exercises
	$(build_grader)
	@$(B)/bin/grade progress

.PHONY: handin
handin: ## pack your work for your instructor: STUDENT=alice (EXERCISE=05-drain)
	@$(if $(STUDENT),,$(error say who you are: make handin STUDENT=alice))
	@exercises/handin.sh "$(STUDENT)" $(EXERCISE)

# The instructor's goals; students have none of them.
include $(wildcard exercises/instructor.mk)
