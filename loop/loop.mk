# libloop: every C file in a floor's folder is part of the library; those in
# test/ that have a main are tests, the others support them; those in examples/
# are programs.

loop_floors := base core
loop_sources := $(wildcard $(patsubst %,loop/%/*.c,$(loop_floors)))
loop_mains := $(shell grep -ls '^int main\b' loop/test/*.c)
loop_tests := $(patsubst %.c,$(B)/%,$(loop_mains))
loop_test_support := $(patsubst %.c,$(B)/%.o,$(filter-out $(loop_mains),$(wildcard loop/test/*.c)))
loop_examples := $(patsubst %.c,$(B)/%,$(wildcard loop/examples/*.c))

# The back end uring is left out where liburing is not installed.
has_uring := $(call has,liburing.h)
ifneq ($(has_uring),y)
loop_libs := -lm
loop_sources := $(filter-out loop/core/uring.c,$(loop_sources))
else
loop_libs := -luring -lm
$(B)/loop/core/backend.o: compile += -DLOOP_HAS_URING
endif

libloop := $(B)/loop/libloop.a
programs += $(libloop) $(loop_examples)
tests += $(loop_tests)

$(B)/loop/libloop.a: $(patsubst %.c,$(B)/%.o,$(loop_sources))
	$(call say,AR,$@)
	@rm -f $@
	@ar rcs $@ $^

$(loop_examples): %: %.o $(libloop)
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)

$(loop_tests): %: %.o $(loop_test_support) $(libloop)
	$(call say,LINK,$@)
	@$(link) -rdynamic -o $@ $^ $(loop_libs) -lcmocka
