#include "quota/redis/operation.h"

#include "quota/redis/holders.h"

void operation_count(struct operation *operation)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
        operation->charge_count = operation->take->count;
        operation->result_count = result_count_of_take(operation->take);
        break;
    case OPERATION_PART:
        operation->charge_count = operation->part->take.count;
        operation->result_count = result_count_of_take(&operation->part->take);
        break;
    case OPERATION_RELEASE:
        operation->charge_count = operation->release->count;
        operation->result_count = result_count_of_release(operation->release);
        break;
    case OPERATION_HOLDERS:
        operation->charge_count = 0;
        operation->result_count = HOLDERS_INTEGERS_MIN;
        break;
    case OPERATION_GONE:
        break;
    }
}

enum result operation_read(const struct operation *operation,
                           const int64_t *integers)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
        return result_read_take(integers, operation->take);
    case OPERATION_PART:
        return result_read_part(integers, operation->part);
    case OPERATION_RELEASE:
        return result_read_release(integers, operation->release);
    case OPERATION_HOLDERS:
    case OPERATION_GONE:
        break;
    }
    return RESULT_READ;
}

void operation_fail(const struct operation *operation)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
        operation->take->status = TAKE_OUTAGE;
        break;
    case OPERATION_PART:
        operation->part->take.status = TAKE_OUTAGE;
        break;
    case OPERATION_RELEASE:
        operation->release->released = -1;
        break;
    case OPERATION_HOLDERS:
        operation->holders->is_outage = true;
        break;
    case OPERATION_GONE:
        break;
    }
}

void operation_done(const struct operation *operation)
{
    switch (operation->kind) {
    case OPERATION_TAKE:
        operation->take->done(operation->take);
        break;
    case OPERATION_PART:
        operation->part->take.done(&operation->part->take);
        break;
    case OPERATION_RELEASE:
        operation->release->done(operation->release);
        break;
    case OPERATION_HOLDERS:
        operation->holders->done(operation->holders);
        break;
    case OPERATION_GONE:
        break;
    }
}
