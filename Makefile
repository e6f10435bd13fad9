# Thin words over scripts/dev.sh, which also works without make.
.PHONY: run test check bench scaling pictures gallery figures
run:   ## set everything up and run the demonstration
	@sh scripts/dev.sh run
test:  ## set everything up and pass the tests
	@sh scripts/dev.sh test
check: ## lint, types, import contracts, freshness of built files
	@sh scripts/dev.sh check
bench: ## measure the service, each figure beside its bar
	@sh scripts/dev.sh bench
scaling: ## measure what a request costs, and say which part of a large installation is full first
	@sh scripts/dev.sh scaling
pictures: ## take the README's pictures
	@COMMENTS_TEST_PICTURES=docs/pictures sh scripts/dev.sh test tests/browser/test_demo.py -q
gallery: ## photograph the widget in its states
	@COMMENTS_TEST_GALLERY=docs/pictures/gallery sh scripts/dev.sh test tests/browser/test_widget_gallery.py -q
figures: ## measure the widget, each figure beside its limit, and write docs/embed.md
	@COMMENTS_TEST_FIGURES=1 sh scripts/dev.sh test tests/browser/test_widget_figures.py -q -s
