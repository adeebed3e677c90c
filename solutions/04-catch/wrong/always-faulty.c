/* caught by accepts: "it exits with 1 (faulty)" */
/*
 * always-faulty.c - says of each server that it is faulty.
 */
int main(int argc, char **argv)
{
    (void)argv;
    return argc == 2 ? 1 : 2;
}
