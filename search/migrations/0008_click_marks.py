"""Marks by which an opened answer counts once a day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0007_foreign_intents'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClickMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(db_index=True)),
                ('visitor', models.CharField(db_index=True, max_length=64)),
                ('answer', models.CharField(max_length=64, unique=True)),
                ('slug', models.SlugField(db_index=False, max_length=80)),
            ],
            options={
                'verbose_name': 'mark of an opened answer',
                'verbose_name_plural': 'marks of opened answers',
            },
        ),
    ]
