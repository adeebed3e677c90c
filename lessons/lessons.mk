# Lessons: every C file with a main is a program; the other C files of its
# folder are its parts. test.c is the lesson's test.

lesson_mains := $(shell grep -l '^int main\b' lessons/[0-9]*/*.c)
lesson_programs := $(patsubst %.c,$(B)/%,$(filter-out %/test.c,$(lesson_mains)))
lesson_tests := $(patsubst %.c,$(B)/%,$(filter %/test.c,$(lesson_mains)))
lesson_parts := $(filter-out $(lesson_mains),$(wildcard lessons/[0-9]*/*.c))
common := $(B)/lessons/common/common.o
test_support := $(patsubst %.c,$(B)/%.o,$(wildcard lessons/common/test/*.c)) \
	$(B)/bench/proc.o

programs += $(lesson_programs)
tests += $(lesson_tests)

# An archive: each program takes what it uses of its lesson's parts.
.SECONDEXPANSION:
parts_of = $(patsubst %.c,$(B)/%.o,$(filter $(patsubst $(B)/%,%,$(1))/%,$(lesson_parts)))
$(B)/lessons/%/parts.a: $$(call parts_of,$$(@D))
	@rm -f $@
	@ar rcs $@ $^

$(lesson_programs): %: %.o $(common) $$(if $$(call parts_of,$$(@D)),$$(@D)/parts.a)
	$(call say,LINK,$@)
	@$(link) -o $@ $(filter %.o,$^) $(filter %.a,$^)

# A lesson's claims start servers and count their cost.
$(filter %/claims,$(lesson_programs)): $(B)/lessons/common/claim.o $(B)/bench/proc.o

$(lesson_tests): %: %.o $(common) $(test_support)
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
