# bench: the tools that make load, measure and plot.

bench_mains := $(shell grep -l '^int main\b' bench/*.c)
bench_programs := $(patsubst %.c,$(B)/%,$(filter-out bench/test_%,$(bench_mains)))
loop_programs := $(patsubst %,$(B)/bench/%,ring timers wakeup footprint echo)
co_programs := $(patsubst %,$(B)/bench/%,switch spawn channel fan memory)
bench_tests := $(patsubst %.c,$(B)/%,$(filter bench/test_%,$(bench_mains)))

# The benchmarks of the loop compare it with other libraries, each of which is
# left out where it is not installed. libev brings functions of libevent's
# names, so libevent comes first. The flags are kept in a file, so that what
# is installed later is built in.
has_libevent := $(call has,event2/event.h)
has_libev := $(call has,ev.h)
has_libuv := $(call has,uv.h)
peer_libs := $(if $(has_libevent),-levent_core -levent_pthreads) \
	$(if $(has_libev),-lev) $(if $(has_libuv),-luv)
peer_flags := $(if $(has_libevent),-DPEERS_LIBEVENT) \
	$(if $(has_libev),-DPEERS_LIBEV) $(if $(has_libuv),-DPEERS_LIBUV) \
	$(if $(has_liburing),-DPEERS_URING)
# The same for coroutines: these switch stacks in ways of their own, of which no
# sanitizer knows.
has_boost := $(if $(SANITIZE),,$(wildcard /usr/include/boost/context/detail/fcontext.hpp))
has_pth := $(if $(SANITIZE),,$(call has,pth.h))
has_go := $(shell command -v go)
co_peer_libs := $(if $(has_boost),-lboost_context) $(if $(has_pth),-lpth)
co_peer_flags := $(if $(has_boost),-DPEERS_BOOST) $(if $(has_pth),-DPEERS_PTH)
peers_absent := $(if $(has_boost),,co_boost) $(if $(has_pth),,co_pth) \
	$(if $(has_libevent),,libevent) $(if $(has_libev),,libev) \
	$(if $(has_libuv),,libuv) $(if $(has_liburing),,uring)
bench_parts := $(patsubst %.c,$(B)/%.o,$(filter-out $(bench_mains) \
	$(patsubst %,bench/peers_%.c,$(peers_absent)),$(wildcard bench/*.c))) \
	$(patsubst %.S,$(B)/%.o,$(wildcard bench/bare_$(cpu).S))

$(B)/bench/peers.o $(B)/bench/peers_co.o: compile += $(peer_flags) $(co_peer_flags)
$(B)/bench/peers.o $(B)/bench/peers_co.o: $(B)/bench/peers.flags
.PHONY: always
$(B)/bench/peers.flags: always
	@mkdir -p $(@D)
	@echo '$(strip $(peer_flags) $(co_peer_flags))' | cmp -s - $@ || \
	echo '$(strip $(peer_flags) $(co_peer_flags))' >$@

# The bare wheel is no part of what the library shows, nor is the bare switch.
$(loop_programs): $(B)/loop/base/wheel.o $(libloop)
$(co_programs): $(B)/loop/parts.a $(B)/lessons/08-coroutines/parts.a
$(loop_programs): bench_libs := $(peer_libs) $(loop_libs)
$(co_programs): bench_libs := $(peer_libs) $(co_peer_libs) $(loop_libs)
$(co_programs): $(if $(has_go),| $(B)/bench/peers_co_go)

$(B)/bench/peers_co_go: bench/peers_co.go
	@mkdir -p $(@D)
	$(call say,GO,$<)
	@go build -o $@ $<

$(B)/bench/test_micro: $(libloop)
$(B)/bench/test_micro: bench_libs := $(loop_libs)

programs += $(bench_programs)
tests += $(bench_tests)

$(B)/bench/parts.a: $(bench_parts)
	@rm -f $@
	@ar rcs $@ $^

$(bench_programs): %: %.o $(common) $(B)/bench/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(bench_libs) -lm

$(bench_tests): %: %.o $(common) $(test_support) $(B)/bench/parts.a
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(bench_libs) -lm -lcmocka

# --- measuring

MODE = $(if $(QUICK),quick,course)
SECONDS_course := 240
.PHONY: measure measure-loop measure-co bench bench-loop bench-co
measure:
	@$(B)/bench/run --mode $(MODE) --seconds $(or $(SECONDS_$(MODE)),0) $(if $(ROUNDS),--rounds $(ROUNDS))

bench: programs ## the full sweeps: LESSONS="03 05" for some, ROUNDS=9 for more; then make report
	@$(B)/bench/run --mode bench --lessons "$(LESSONS)" $(if $(ROUNDS),--rounds $(ROUNDS))
	@$(if $(LESSONS),,$(MAKE) --no-print-directory measure-loop measure-co)
	@$(MAKE) --no-print-directory report

bench-loop: measure-loop ## the benchmarks of the loop alone (3 min): ONLY="loop/epoll lib", ROUNDS=5; then make report
	@$(MAKE) --no-print-directory report

bench-co: measure-co ## the benchmarks of coroutines alone (4 min): ONLY="loop/co go", ROUNDS=5; then make report
	@$(MAKE) --no-print-directory report

measure-loop: measured := $(loop_programs)
measure-co: measured := $(co_programs)
measure-loop measure-co: measure-%: $(loop_programs) $(co_programs)
	@for program in $(measured); do \
		$$program --out build/bench --only "$(ONLY)" $(if $(ROUNDS),--rounds $(ROUNDS)) || exit 1; \
	done

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
