# dealsync - build, check and install; `make help` lists the words
#
# Every set of flags has a build directory of its own, so that objects never mix:
#   make CC=clang BUILD=build-clang
# Flags of yours go into CPPFLAGS, CFLAGS and LDFLAGS and come last. WERROR=1 makes warnings errors,
# V=1 shows whole commands.

VERSION := 0.1.0
BUILD   := build
SAN     :=

PREFIX     := /usr/local
BINDIR     := $(PREFIX)/bin
MANDIR     := $(PREFIX)/share/man
DOCDIR     := $(PREFIX)/share/doc/dealsync
UNITDIR    := $(PREFIX)/lib/systemd/system
SYSUSERDIR := $(PREFIX)/lib/sysusers.d

GOALS := $(or $(MAKECMDGOALS),all)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc) # a -j of yours wins
endif

# ---- what is built from what

SOURCES := $(sort $(wildcard $(addsuffix /*.c,base mapping connectors connectors/* \
             engine engine/* cli)))
SIM     := $(sort $(wildcard tests/sim/*.c))
DRIVE   := tests/drive.c
RANDOM  := $(sort $(wildcard tests/memory/*.c tests/random/*.c))
UNIT    := $(sort $(wildcard tests/unit/test_*.c))
C_FILES := $(SOURCES) $(SIM) $(DRIVE) $(RANDOM) $(UNIT)
H_FILES := $(sort $(shell find $(sort $(dir $(C_FILES))) -maxdepth 1 -name '*.h'))
SCRIPTS := .ci/run $(sort $(wildcard tools/*.sh tests/*.sh tests/*/*.sh))

objects  = $(1:%.c=$(BUILD)/%.o)
TESTS   := $(UNIT:%.c=$(BUILD)/%)
ARCHIVE := $(BUILD)/libdealsync.a

# ---- flags

# Asked once, and not before the first compiler line is written: by then `needs` has installed
# what was missing.
once      = $(eval $(1) := $(shell $(2)))$($(1))
# the option if this compiler and C library take it without a warning
takes     = echo '\#include <features.h>' | $(CC) -Werror -O2 $(1) -fsyntax-only -xc - 2>/dev/null \
              && echo '$(1)'
LIBS      = $(call once,LIBS,pkg-config --libs libcurl jansson libxml-2.0 inih sqlite3 libcrypto)
LIB_FLAGS = $(call once,LIB_FLAGS,pkg-config --cflags libcurl jansson libxml-2.0 inih sqlite3 libcrypto)
SIM_LIBS  = $(call once,SIM_LIBS,pkg-config --libs libmicrohttpd jansson libcrypto libxml-2.0 zlib)
UNIT_LIBS = $(call once,UNIT_LIBS,pkg-config --libs cmocka libmicrohttpd)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef \
  -Wvla -Wformat=2 -Wswitch-enum -Wnull-dereference -Wimplicit-fallthrough \
  $(if $(WERROR),-Werror)

ifdef SAN
WARNINGS := # of the plain build are enough: instrumented code makes gcc see ghosts
HARDEN := -O1 -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all
HARDEN_LINK := -fsanitize=$(SAN)
else
FORTIFY = $(call once,FORTIFY,$(call takes,-D_FORTIFY_SOURCE=3) || echo -D_FORTIFY_SOURCE=2)
CET     = $(call once,CET,$(call takes,-fcf-protection))
CLASH   = $(call once,CLASH,$(call takes,-fstack-clash-protection))
HARDEN  = -O2 -fno-strict-overflow -U_FORTIFY_SOURCE $(FORTIFY) -fstack-protector-strong $(CLASH) $(CET) -fPIE
HARDEN_LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
endif

LANGUAGE     := -std=c17 -D_GNU_SOURCE -DDS_VERSION='"$(VERSION)"' -I.
ALL_CFLAGS    = $(LANGUAGE) $(LIB_FLAGS) -g -pthread $(WARNINGS) $(HARDEN) $(CPPFLAGS) $(CFLAGS)
LINK          = $(CC) $(HARDEN_LINK) -pthread $(CFLAGS) $(LDFLAGS) -o $@

# ---- rules

tell = $(if $(V),,@echo '  $(1)';)

.PHONY: all programs needs
.DELETE_ON_ERROR:
all: $(BUILD)/dealsync ## build build/dealsync
programs: all $(BUILD)/dealsync-sim $(BUILD)/dealsync-drive $(BUILD)/dealsync-random $(TESTS)

lint_too := $(and $(WERROR),$(filter test,$(GOALS)))

# `make` says which packages are missing; demo, test and deps install them.
needs:
	@tools/deps.sh $(if $(filter deps demo test,$(GOALS)),--install) build \
	  $(if $(filter-out all install,$(GOALS)),demo) \
	  $(if $(filter-out all install demo bench,$(GOALS)),test) \
	  $(if $(filter deps bench,$(GOALS)),bench) \
	  $(if $(filter deps lint%,$(GOALS))$(lint_too),lint)

# The Makefile holds the flags, so it is a source of every object.
$(BUILD)/%.o: %.c Makefile | needs
	@mkdir -p $(@D)
	$(call tell,cc $<)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/dealsync: $(call objects,$(SOURCES))
	$(call tell,link $@)$(LINK) $^ $(LIBS)

$(BUILD)/dealsync-sim: $(call objects,$(SIM))
	$(call tell,link $@)$(LINK) $^ $(SIM_LIBS)

$(ARCHIVE): $(call objects,$(filter-out cli/main.c,$(SOURCES)))
	@rm -f $@
	$(call tell,ar $@)$(AR) rcs $@ $^

$(BUILD)/dealsync-drive: $(call objects,$(DRIVE)) $(ARCHIVE)
	$(call tell,link $@)$(LINK) $^ $(LIBS)

$(BUILD)/dealsync-random: $(call objects,$(RANDOM)) $(ARCHIVE)
	$(call tell,link $@)$(LINK) $^ $(LIBS)

$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(ARCHIVE)
	$(call tell,link $@)$(LINK) $^ $(LIBS) $(UNIT_LIBS)

-include $(patsubst %.c,$(BUILD)/%.d,$(C_FILES))

# ---- checks

.PHONY: test unit e2e sanitize valgrind demo bench
RUN      := tests/run.sh
ASAN     := $(BUILD)-asan
WITH_SAN := $(MAKE) --no-print-directory BUILD=$(ASAN) SAN=address,undefined programs

test: programs ## everything below that finds mistakes, lint too with WERROR=1
	+@$(WITH_SAN)
	+@$(RUN) $(if $(lint_too),lint:$(BUILD)) unit:$(BUILD) e2e:$(BUILD) \
	  unit:$(ASAN) short:$(ASAN) valgrind:$(BUILD)
unit: programs ## the unit tests
	+@$(RUN) unit:$(BUILD)
e2e: programs ## the tests of the whole program against simulated remotes
	+@$(RUN) e2e:$(BUILD)
sanitize: needs ## both again, built with the address, leak and undefined behaviour sanitizers
	+@$(WITH_SAN)
	+@$(RUN) unit:$(ASAN) e2e:$(ASAN)
valgrind: programs ## the unit tests and a short run of the program under valgrind
	+@$(RUN) valgrind:$(BUILD)
demo: all $(BUILD)/dealsync-sim ## watch it work against simulated remotes
	@BUILD=$(abspath $(BUILD)) tests/demo.sh
bench: all $(BUILD)/dealsync-sim $(BUILD)/dealsync-drive ## measure it; BENCH_COUNT=1000000 for more
	@BUILD=$(abspath $(BUILD)) tests/bench.sh

# Unit tests are left to the compiler, the sanitizers and valgrind.
ANALYSED := $(SOURCES) $(SIM)
LINTS    := lint-tidy lint-cppcheck lint-format lint-banned lint-layers lint-shell
BANNED   := strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atof|strtok|sscanf|tmpnam|mktemp|system
.PHONY: lint format $(LINTS)
lint: $(LINTS) ## clang-tidy, cppcheck, format, banned functions, layers, shellcheck
format: ## clang-format all C sources
	clang-format -i $(C_FILES) $(H_FILES)

# Behind the object, so that a changed header is looked at again. On stderr it only counts what it
# does not tell.
$(BUILD)/%.tidy: %.c $(BUILD)/%.o .clang-tidy tools/analyzer.h
	$(call tell,clang-tidy $<)clang-tidy --quiet --warnings-as-errors='*' $< -- \
	  $(LANGUAGE) $(LIB_FLAGS) $(WARNINGS) \
	  $(if $(filter base/err.c tests/sim/%,$<),,-include tools/analyzer.h) 2>/dev/null
	@touch $@
lint-tidy: $(ANALYSED:%.c=$(BUILD)/%.tidy)
lint-cppcheck: needs
	@cppcheck --quiet -j$$(nproc) --std=c11 --enable=warning,performance,portability \
	  --suppressions-list=.cppcheck-suppressions --error-exitcode=1 \
	  $(filter-out -std=%,$(LANGUAGE)) $(ANALYSED)
lint-format: needs
	@! clang-format --dry-run $(C_FILES) $(H_FILES) 2>&1 | \
	  sed -n 's/:.*clang-format-violations.*/: run make format/p' | uniq | grep .
lint-banned:
	@! grep -nE '\b($(BANNED))[[:space:]]*\(' $(C_FILES) $(H_FILES)
lint-layers:
	@awk -f tools/layers.awk $(C_FILES) $(H_FILES)
lint-shell: needs
	@shellcheck -x -P SCRIPTDIR -e SC2119,SC2120 $(SCRIPTS)

# ---- installing

.PHONY: install uninstall deps clean help
MAN    := $(wildcard docs/man/*.1 docs/man/*.5)
UNITS  := $(wildcard systemd/*.service systemd/*.timer)
# source:target, the one list behind install and uninstall
PLACES := $(BUILD)/dealsync:$(BINDIR)/dealsync \
  $(foreach m,$(MAN),$(m):$(MANDIR)/man$(subst .,,$(suffix $(m)))/$(notdir $(m))) \
  $(foreach u,$(UNITS),$(u):$(UNITDIR)/$(notdir $(u))) \
  systemd/dealsync.sysusers:$(SYSUSERDIR)/dealsync.conf \
  $(foreach c,$(wildcard conf/*),$(c):$(DOCDIR)/examples/$(notdir $(c))) \
  $(foreach d,README.md CHANGELOG.md LICENSE $(wildcard docs/*.md),$(d):$(DOCDIR)/$(d))

install: all ## install below PREFIX (/usr/local); DESTDIR for packages
	@for p in $(PLACES); do \
	  mode=644; case $$p in $(BUILD)/*) mode=755;; esac; \
	  install -D -m $$mode "$${p%%:*}" '$(DESTDIR)'"$${p#*:}" || exit 1; \
	done
	@for u in $(notdir $(UNITS)); do \
	  sed -i -e 's|/usr/bin/env dealsync|$(BINDIR)/dealsync|' \
	    -e 's|/usr/share/doc/dealsync|$(DOCDIR)|' '$(DESTDIR)$(UNITDIR)'/"$$u" || exit 1; \
	done
uninstall: ## remove what install put there; the configuration and the store stay
	@for p in $(PLACES); do rm -f '$(DESTDIR)'"$${p#*:}"; done
	@rmdir '$(DESTDIR)$(DOCDIR)/examples' '$(DESTDIR)$(DOCDIR)' 2>/dev/null || :

deps: needs ## install the packages that building, testing and linting need
clean: ## remove what was built
	rm -rf $(BUILD) $(ASAN)
help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 12
