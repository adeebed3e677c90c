/*
 * busy_computes.c - a loop whose condition does not change.
 */
#include "scene.h"

int main(void)
{
    volatile bool more = true;
    scene_say("now");
    while (more)
        ;
    return 0;
}
