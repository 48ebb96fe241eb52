"""`runner completion`: the script with which a shell completes commands, options and values."""

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell.

    For bash, add eval "$(runner completion bash)" to ~/.bashrc; for zsh, the same with zsh to
    ~/.zshrc; for fish, write the script to ~/.config/fish/completions/runner.fish.
    """
    from runner.cli.completion.shells import script

    root = click.get_current_context().find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 (the whole command line)
    click.echo(script(shell, root))


COMMANDS = [completion]
