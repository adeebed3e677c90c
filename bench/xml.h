/*
 * xml.h - is a page well-formed? For tests: every tag closed in order, every
 * '&' an entity that we write, every id there once.
 */
#ifndef BENCH_XML_H
#define BENCH_XML_H

enum { XML_FAULT_MAX = 160 };

/* NULL, or what is wrong: a text that the next call overwrites. */
const char *xml_fault(const char *page);

/* NULL, or an id that comes twice. `n_ids` is set to how many there are. */
const char *xml_double_id(const char *page, int *n_ids);

#endif
