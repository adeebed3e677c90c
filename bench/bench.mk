# bench: the tools that make load, measure and plot.

bench_mains := $(shell grep -l '^int main\b' bench/*.c)
bench_programs := $(patsubst %.c,$(B)/%,$(filter-out bench/test_%,$(bench_mains)))
bench_tests := $(patsubst %.c,$(B)/%,$(filter bench/test_%,$(bench_mains)))
bench_parts := $(patsubst %.c,$(B)/%.o,$(filter-out $(bench_mains),$(wildcard bench/*.c)))

programs += $(bench_programs)
tests += $(bench_tests)

$(B)/bench/parts.a: $(bench_parts)
	@rm -f $@
	@ar rcs $@ $^

$(bench_programs): %: %.o $(common) $(B)/bench/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ -lm

$(bench_tests): %: %.o $(common) $(test_support) $(B)/bench/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ -lm -lcmocka
