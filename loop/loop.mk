# libloop: every C file in a floor's folder is part of the library; those in
# test/ that have a main are tests, the others support them; those in examples/
# are programs, and those in test/programs/ are for tests to look at.

loop_floors := base core co
loop_sources := $(wildcard $(patsubst %,loop/%/*.c,$(loop_floors)))

# The switch of coroutines: of this CPU, or CONTEXT=ucontext, in C.
context_asm := $(if $(CONTEXT),,$(wildcard loop/co/*_$(cpu).S))
$(if $(context_asm),,$(eval CPPFLAGS += -DLOOP_CO_UCONTEXT))
loop_mains := $(shell grep -ls '^int main\b' loop/test/*.c)
loop_tests := $(patsubst %.c,$(B)/%,$(loop_mains))
loop_test_support := $(patsubst %.c,$(B)/%.o,$(filter-out $(loop_mains),$(wildcard loop/test/*.c)))
loop_examples := $(patsubst %.c,$(B)/%,$(wildcard loop/examples/*.c))
loop_test_programs := $(patsubst %.c,$(B)/%,$(wildcard loop/test/programs/*.c))

# The back end uring is left out where liburing is not installed.
ifneq ($(has_liburing),y)
loop_libs := -lm
loop_sources := $(filter-out loop/core/uring%,$(loop_sources))
else
loop_libs := -luring -lm
$(B)/loop/core/backend.o $(B)/loop/core/backend.pic.o: compile += -DLOOP_HAS_URING
endif

libloop := $(B)/loop/libloop.a
loop_objects := $(patsubst %.c,$(B)/%.o,$(loop_sources)) $(context_asm:%.S=$(B)/%.o)
programs += $(libloop) $(loop_examples) $(loop_test_programs)
tests += $(loop_tests)
test_scripts += loop/test/test_install.sh loop/test/test_examples.sh \
	loop/test/test_co_aarch64.sh loop/test/test_co_backtrace.sh loop/test/test_co_examples.sh

# For the kit's own tests, which look inside: every function has its name.
$(B)/loop/parts.a: $(loop_objects)
	@rm -f $@
	@$(AR) rcs $@ $^

# The library shows what is in its list of symbols and nothing else; so files
# may share functions with plain names, and no program's own can clash.
$(B)/loop/libloop.a: $(loop_objects) loop/libloop.sym
	$(call say,AR,$@)
	@rm -f $@
	@ld -r -o $(@D)/libloop.o $(filter %.o,$^)
	@objcopy --keep-global-symbols=loop/libloop.sym $(@D)/libloop.o
	@ar rcs $@ $(@D)/libloop.o

$(B)/%.pic.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$< "(shared)")
	@$(compile) -fPIC -fno-semantic-interposition -c -o $@ $<

$(B)/%.pic.o: %.S Makefile
	@mkdir -p $(@D)
	$(call say,AS,$< "(shared)")
	@$(compile) -fPIC -c -o $@ $<

$(B)/loop/libloop.map: loop/libloop.sym
	@mkdir -p $(@D)
	@awk 'BEGIN { print "{ global:" } { print $$1 ";" } END { print "local: *; };" }' $< > $@

$(B)/loop/libloop.so: $(loop_objects:.o=.pic.o) $(B)/loop/libloop.map
	$(call say,LINK,$@)
	@$(link) -shared -Wl,-soname,libloop.so.0 -Wl,--version-script=$(@D)/libloop.map \
		-o $@ $(filter %.o,$^) $(loop_libs)

$(loop_examples) $(loop_test_programs): %: %.o $(libloop)
	$(call say,LINK,$@)
	@$(link) -o $@ $^ $(loop_libs)

$(loop_tests): %: %.o $(loop_test_support) $(B)/loop/parts.a
	$(call say,LINK,$@)
	@$(link) -rdynamic -o $@ $^ $(loop_libs) $(LIBS) -lcmocka

# It runs the program.
$(B)/loop/test/test_hello_tasks: | $(B)/loop/examples/hello_tasks

# The calls of the loop that these tests let fail.
loop_faults := accept4 close connect epoll_create1 epoll_ctl epoll_wait eventfd \
	fstat getsockopt mmap munmap poll ppoll pselect read recv send sendmsg write \
	$(if $(has_liburing),$(addprefix io_uring_,queue_init_params register_buf_ring \
	submit submit_and_get_events submit_and_wait_timeout))
$(B)/loop/test/test_core_faults: LIBS += $(addprefix -Wl$(comma)--wrap=,$(loop_faults))
$(B)/loop/test/test_co_stack: LIBS += $(addprefix -Wl$(comma)--wrap=,mmap madvise mprotect)

.PHONY: fuzz-option
fuzz-option:
	@mkdir -p build/fuzz/option
	clang -std=gnu17 -D_GNU_SOURCE -I. -O1 -g -fsanitize=fuzzer,address,undefined \
		-o build/fuzz/fuzz_option loop/fuzz/fuzz_option.c loop/test/test_base_option_feed.c \
		$(filter-out loop/base/log%,$(wildcard loop/base/*.c))
	build/fuzz/fuzz_option -max_total_time=$(or $(FUZZ_SECONDS),60) -max_len=4096 \
		-print_final_stats=1 build/fuzz/option

# --- the long run of the random tests: SEED and OPS reach them by the environment

soak_tests := $(patsubst %,$(B)/loop/test/test_%,base_wheel core_model co_model)

.PHONY: soak
soak: $(if $(has_cmocka),$(soak_tests)) ## random operations against naive oracles: SEED=n OPS=1000000
	@$(if $(has_cmocka),,echo "soak: cmocka is not installed; try: make deps SET=test" >&2; exit 2;) \
	export SEED=$${SEED:-$$(date +%s)} OPS=$${OPS:-1000000}; \
	echo "soak: SEED=$$SEED OPS=$$OPS (make soak SEED=$$SEED OPS=$$OPS repeats it)"; \
	for test in $(soak_tests); do $$test || exit 1; done; \
	echo "soak: no difference, SEED=$$SEED, $$OPS operations a back end"

# Those that have more than one thread: for SANITIZE=thread.
.PHONY: test-threads
loop_threaded := $(patsubst %,$(B)/loop/test/test_core_%,post pool future model loop watchdog op_once)
test-threads: $(loop_threaded) $(B)/lessons/07-callbacks/test \
		$(filter $(B)/lessons/07-callbacks/% $(B)/bench/%,$(programs))
	@.ci/run-tests $(loop_threaded) $(B)/lessons/07-callbacks/test

# Tasks, for SANITIZE=thread and CONTEXT=ucontext.
.PHONY: test-co
loop_co_tests := $(filter $(B)/loop/test/test_co_%,$(loop_tests))
test-co: $(loop_co_tests)
	@.ci/run-tests $(loop_co_tests)

# --- installing

PREFIX ?= /usr/local
loop_headers := loop/base.h loop/loop.h loop/co.h

.PHONY: install uninstall
install: $(libloop) $(B)/loop/libloop.so ## install headers, libraries, loop.pc, man pages: PREFIX=/usr/local
	@install -d "$(DESTDIR)$(PREFIX)/include/loop" "$(DESTDIR)$(PREFIX)/lib/pkgconfig" \
		"$(DESTDIR)$(PREFIX)/share/man/man3"
	@install -m 644 $(loop_headers) "$(DESTDIR)$(PREFIX)/include/loop/"
	@install -m 644 $(libloop) "$(DESTDIR)$(PREFIX)/lib/"
	@install -m 755 $(B)/loop/libloop.so "$(DESTDIR)$(PREFIX)/lib/libloop.so.0"
	@ln -sf libloop.so.0 "$(DESTDIR)$(PREFIX)/lib/libloop.so"
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBS@|$(loop_libs)|' loop/loop.pc.in \
		> "$(DESTDIR)$(PREFIX)/lib/pkgconfig/loop.pc"
	@for header in $(loop_headers); do loop/tools/man.awk $$header \
		> "$(DESTDIR)$(PREFIX)/share/man/man3/loop_$$(basename $$header .h).3" || exit 1; done
	@echo "installed in $(DESTDIR)$(PREFIX)"
	@echo "next:   cc server.c \$$(pkg-config --cflags --libs loop)"

uninstall: ## remove what `make install` installed
	@cd "$(DESTDIR)$(PREFIX)" && rm -rf include/loop && rm -f lib/libloop.a lib/libloop.so* \
		lib/pkgconfig/loop.pc $(patsubst loop/%.h,share/man/man3/loop_%.3,$(loop_headers))
