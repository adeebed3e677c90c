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

# --- measuring

MODE = $(if $(QUICK),quick,course)
SECONDS_course := 240
.PHONY: measure bench
measure:
	@$(B)/bench/run --mode $(MODE) --seconds $(or $(SECONDS_$(MODE)),0) $(if $(ROUNDS),--rounds $(ROUNDS))

bench: programs ## the full sweeps: LESSONS="03 05" for some, ROUNDS=9 for more; then make report
	@$(B)/bench/run --mode bench --lessons "$(LESSONS)" $(if $(ROUNDS),--rounds $(ROUNDS))
	@$(MAKE) --no-print-directory report

# --- report

.PHONY: report bench-compare bench-export slide-plots
report: $(B)/bench/report ## draw what was measured: build/report/index.html
	@$(B)/bench/report

bench-compare: $(B)/bench/compare ## any number of results in one page: RESULTS="a.tsv b.tsv ..."
	@$(if $(RESULTS),,$(error say whose: make bench-compare RESULTS="a.tsv b.tsv"))
	@$(B)/bench/compare --results "$(RESULTS)"

bench-export: $(B)/bench/export ## your results in one file for the instructor: NAME=alice
	@$(B)/bench/export --name "$(or $(NAME),results)"

slide-plots: $(B)/bench/report ## the plots of the slides, from your results or the reference
	@$(B)/bench/report --slides build/slides/plots
