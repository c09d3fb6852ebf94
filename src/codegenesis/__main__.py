"""`python -m codegenesis`: the same as the `codegenesis` command."""

from codegenesis.cli import main

if __name__ == "__main__":
    main()
