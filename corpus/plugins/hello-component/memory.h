#ifndef MEMORY_H
#define MEMORY_H

/* Takes back everything that the host passed in. The last thing that an export does. */
void reset_memory(void);

#endif
