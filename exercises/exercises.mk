# The grader and the library that checks are written with: check/ and grader/
# hold their parts; what has a main is a program. The grader builds and runs the
# exercises themselves, see grader/build.c: make does not look into them.

exercise_sources := $(wildcard exercises/check/*.c exercises/grader/*.c)
exercise_mains := $(shell grep -ls '^int main\b' $(exercise_sources))
exercise_objects := $(patsubst %.c,$(B)/%.o,$(filter-out $(exercise_mains),$(exercise_sources)))
exercise_programs := $(patsubst %.c,$(B)/%,$(exercise_mains))
exercise_test_mains := $(shell grep -ls '^int main\b' exercises/test/*.c)
exercise_test_support := $(patsubst %.c,$(B)/%.o,$(filter-out $(exercise_test_mains),$(wildcard exercises/test/*.c)))
exercise_tests := $(patsubst %.c,$(B)/%,$(exercise_test_mains))

programs += $(B)/bin/grade $(exercise_programs)
tests += $(exercise_tests)
test_scripts += $(wildcard exercises/test/*.sh)

$(B)/exercises/parts.a: $(exercise_objects)
	@mkdir -p $(@D)
	@rm -f $@
	@ar rcs $@ $^

$(exercise_programs): %: %.o $(B)/exercises/parts.a $(B)/loop/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)

$(B)/bin/grade: $(B)/exercises/grader/grade
	@mkdir -p $(@D)
	@ln -sf ../exercises/grader/grade $@

$(exercise_tests): %: %.o $(exercise_test_support) $(B)/exercises/parts.a $(B)/loop/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs) -lcmocka
