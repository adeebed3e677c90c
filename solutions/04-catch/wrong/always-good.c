/* caught by accepts: "it accepts all of them" */
/*
 * always-good.c - says of each server that it is good.
 */
int main(int argc, char **argv)
{
    (void)argv;
    return argc == 2 ? 0 : 2;
}
