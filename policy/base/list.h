/*
 * An intrusive doubly linked list: embed a `struct list` in each element and
 * one as the head. A ring, so no operation has a special case.
 * Threads: as its owner's.
 */
#ifndef POLICY_BASE_LIST_H
#define POLICY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

/* The element of `type` whose `member` is at `pointer`. */
#define container_of(pointer, type, member)                                    \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
    return head->next == head;
}

/* Puts `element`, which is in no list, last. */
static inline void list_append(struct list *head, struct list *element)
{
    element->next = head;
    element->prev = head->prev;
    head->prev->next = element;
    head->prev = element;
}

/* Takes `element` out; it is then a list of its own, empty. */
static inline void list_remove(struct list *element)
{
    element->prev->next = element->next;
    element->next->prev = element->prev;
    list_init(element);
}

/* Takes the first element out; NULL if there is none. */
static inline struct list *list_take_first(struct list *head)
{
    struct list *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

#endif
