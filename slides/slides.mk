# slides: every slides/NAME.md is a deck, built to build/slides/NAME.html: one
# file that needs no network. PDF=1 adds NAME.pdf, PNG=1 a picture a slide.

S := build/slides
decks := $(patsubst slides/%.md,$(S)/%.html,$(filter-out slides/README.md,$(wildcard slides/*.md)))
slides_npm := $(S)/node_modules/.package-lock.json
test_scripts += slides/test_decks.sh

# In newer pandoc, --embed-resources has taken over from --self-contained.
pandoc_embeds = $(if $(shell pandoc --help | grep -e --embed-resources),--embed-resources --standalone,--self-contained)
deck_tool = NODE_PATH=$(S)/node_modules node slides/deck.js

.PHONY: slides slides-tools slides-listings slide-plots
slides: slides-tools slides-listings $(slides_npm) $(decks) ## build every deck to build/slides/ (PDF=1: PDF too)
	$(if $(PDF),@$(deck_tool) pdf $(decks))
	$(if $(PNG),@$(deck_tool) pictures $(decks))
	@printf 'slides: %s\n' $(decks) $(if $(PDF),$(decks:.html=.pdf)) $(if $(PNG),$(decks:.html=/))
	@echo "next:   open $(firstword $(decks)) in a browser, and press S for the notes"

slides-tools:
	@for tool in pandoc node npm $(if $(PDF)$(PNG),chromium); do \
		command -v $$tool >/dev/null || { \
			echo "slides: cannot build the decks: $$tool is not installed"; \
			echo "  try:  make deps SET=test"; exit 2; } >&2; \
	done

slides-listings:
	@.ci/listings --check $(patsubst $(S)/%.html,slides/%.md,$(decks))

# The plots are drawn anew by slide-plots (bench/bench.mk); a deck is built anew
# only if that has changed one.
$(S)/plots.sum: slide-plots
	@mkdir -p $(S)/plots
	@cksum $(S)/plots/*.svg >$@.new 2>/dev/null || true
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(slides_npm): slides/package.json slides/package-lock.json slides/.npmrc | slides-tools
	$(call say,NPM,$(S)/node_modules)
	@mkdir -p $(S)
	@cp slides/package.json slides/package-lock.json slides/.npmrc $(S)/
	@cd $(S) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 || { \
		grep -m2 error npm.log; echo "slides: cannot get reveal.js with npm: see $(S)/npm.log"; \
		echo "  try:  make slides, with a network"; exit 2; } >&2
	@touch $@

$(S)/%.html: slides/%.md slides/template.html slides/theme.css slides/slides.mk \
		$(S)/plots.sum $(slides_npm) | slides-tools
	$(call say,DECK,$@)
	@pandoc --from=markdown --to=revealjs $(pandoc_embeds) --fail-if-warnings \
		--template=slides/template.html --css=slides/theme.css --slide-level=1 \
		--highlight-style=monochrome --variable=revealjs-url=$(S)/node_modules/reveal.js \
		--resource-path=slides:$(S) --output=$@ $< || { \
		echo "slides: cannot build $@: pandoc's words are above"; \
		echo "  try:  make slide-plots, if it misses a plot"; exit 2; } >&2
